import os, sys
os.set_blocking(0, False)
print(repr(sys.stdin.read()))
