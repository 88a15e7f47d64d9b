# expect: passed
cat
