import sys, atexit
def show():
    print(sys.last_type, repr(sys.last_value), sys.last_traceback.tb_lineno, sys.last_traceback.tb_next)
    print(getattr(sys, "last_exc", "none"))
atexit.register(show)
raise OSError(2, "text")
