# expect: cpu_timeout
1 while 1;
