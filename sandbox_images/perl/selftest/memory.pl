# expect: memory_limit runtime_error
my @held;
while (1) { push @held, "x" x 1000000; }
