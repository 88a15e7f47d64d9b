import atexit, sys
def show(): print("in atexit:", sys.exc_info(), getattr(sys, "last_value", None).__class__.__name__)
atexit.register(show)
raise LookupError("main failed")
