# expect: passed
import sys

print("hello from", __name__, sys.argv)
