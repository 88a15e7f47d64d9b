# expect: cpu_timeout
while :; do :; done
