import os, sys
print("buffered")
os.close(1)
sys.exit(3)
