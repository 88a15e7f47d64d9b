# expect: compile_error
use strict;
$x = 1;
