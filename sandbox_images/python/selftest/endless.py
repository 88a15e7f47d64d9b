# expect: cpu_timeout
while True:
    pass
