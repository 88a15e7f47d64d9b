print(repr(input()), repr(input()))
import sys
print(repr(sys.stdin.read()))
