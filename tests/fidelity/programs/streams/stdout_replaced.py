import sys, io
print("to the original, still buffered")
sys.stdout = io.StringIO()
print("into memory")
