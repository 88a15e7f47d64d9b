import os, sys
r, w = os.pipe()
os.dup2(w, 1)
os.close(w); os.close(r)
try:
    print("into nowhere", flush=True)
except BrokenPipeError as error:
    print(error, file=sys.stderr)
sys.stderr.close()
