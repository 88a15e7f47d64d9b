<?php // expect: passed
echo "hello ", 42, "\n";
