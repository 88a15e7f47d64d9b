# expect: memory_limit
held=$(printf "%1000000s" x)
while :; do held+=$held; done
