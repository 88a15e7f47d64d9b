# expect: cpu_timeout
loop { }
