import atexit
def bad(): raise ValueError("second")
atexit.register(bad)
raise LookupError("first")
