import sys
print("kept")
sys.stdout = None
print("lost")
