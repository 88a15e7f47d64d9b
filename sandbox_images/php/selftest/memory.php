<?php // expect: memory_limit runtime_error
$held = [];
while (true) $held[] = str_repeat("x", 1000000);
