import sys, threading
sys.setrecursionlimit(10**6)
threading.stack_size(256 * 1024 * 1024)
def total(n):
    return 0 if n == 0 else n + total(n - 1)
result = []
thread = threading.Thread(target=lambda: result.append(total(100000)))
thread.start(); thread.join()
print(result)
