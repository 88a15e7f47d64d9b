import sys, atexit
atexit.register(lambda: print(hasattr(sys, "last_value")))
sys.exit(1)
