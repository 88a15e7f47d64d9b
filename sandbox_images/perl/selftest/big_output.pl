# expect: passed
print "$_\n" for 0 .. 19999;
