import sys
print(sys.stdin.buffer.readline(), sys.stdin.buffer.peek(2)[:2], sys.stdin.buffer.read())
