<?php // expect: output_limit
while (true) echo str_repeat("more and more and more\n", 1000);
