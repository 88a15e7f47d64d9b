<?php // expect: wrong_answer
echo "hello ", 42, "\n";
