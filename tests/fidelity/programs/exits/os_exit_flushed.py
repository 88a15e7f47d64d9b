import os, atexit
atexit.register(print, "never")
print("kept", flush=True)
os._exit(0)
