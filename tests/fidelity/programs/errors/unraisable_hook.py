import sys
sys.unraisablehook = lambda args: print("hook", args.exc_type.__name__, args.exc_value)
class Bad:
    def __del__(self): raise ValueError("in del")
Bad()
kept = Bad()
