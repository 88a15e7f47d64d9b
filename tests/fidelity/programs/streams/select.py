import select, sys
ready, _, _ = select.select([sys.stdin], [], [], 1)
print(ready == [sys.stdin], sys.stdin.readline())
