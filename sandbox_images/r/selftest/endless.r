# expect: cpu_timeout
while (TRUE) { }
