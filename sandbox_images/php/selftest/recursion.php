<?php // expect: passed
function deep($n) { return $n === 0 ? 0 : 1 + deep($n - 1); }
echo deep(5000), "\n";
