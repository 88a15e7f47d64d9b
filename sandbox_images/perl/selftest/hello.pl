# expect: passed
use strict; use warnings;
printf "hello %d\n", 42;
