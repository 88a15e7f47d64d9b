import sys
sys.stderr.close()
print("fine")
raise ValueError("unseen")
