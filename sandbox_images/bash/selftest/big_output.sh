# expect: passed
seq 0 19999
