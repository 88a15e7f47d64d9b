import sys
print("original")
sys.stdout = open("log.txt", "w")
print("in a file")
import atexit
atexit.register(lambda: sys.stderr.write(repr(open("log.txt").read())))
