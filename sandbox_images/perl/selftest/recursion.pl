# expect: passed
no warnings "recursion";
sub deep { my $n = shift; return $n == 0 ? 0 : 1 + deep($n - 1); }
print deep(5000), "\n";
