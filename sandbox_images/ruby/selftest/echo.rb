# expect: passed
STDOUT.write(STDIN.read)
