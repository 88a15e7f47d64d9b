<?php // expect: passed
while (($line = fgets(STDIN)) !== false) echo $line;
