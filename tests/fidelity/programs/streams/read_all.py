import sys
data = sys.stdin.read().split()
print(sum(map(int, data)))
print(repr(sys.stdin.read()), sys.stdin.tell())
sys.stdin.seek(0)
print(repr(sys.stdin.readline()))
