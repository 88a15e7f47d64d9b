import sys, os
print(sys.stdin.readline())
print(os.read(0, 100))
print(sys.stdin.read())
print(os.lseek(0, 0, os.SEEK_CUR))
