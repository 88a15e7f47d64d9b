import sys
sys.stderr.close()
print("fine")
sys.exit("unseen")
