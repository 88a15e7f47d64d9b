import atexit
def bad(): raise KeyboardInterrupt
atexit.register(bad)
