import os, sys
print("buffered")
os.write(1, b"first\n")
sys.stderr.write("partial ")
os.write(2, b"second\n")
