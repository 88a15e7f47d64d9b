# expect: output_limit
while (1) { print "more and more and more\n" x 1000; }
