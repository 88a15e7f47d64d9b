# expect: runtime_error
die "on purpose";
