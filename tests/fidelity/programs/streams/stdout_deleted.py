import sys
print("kept")
del sys.stdout
try:
    print("x")
except RuntimeError as error:
    sys.stderr.write(str(error) + "\n")
