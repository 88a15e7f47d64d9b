import sys, io
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-16", line_buffering=True)
print("wide")
