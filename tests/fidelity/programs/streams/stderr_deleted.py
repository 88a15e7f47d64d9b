import sys
del sys.stderr
print("fine")
sys.exit(4)
