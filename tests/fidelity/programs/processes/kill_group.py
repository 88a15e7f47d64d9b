import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("group signal"))
os.killpg(0, signal.SIGTERM)
print("survived")
