import sys
def hook(kind, value, trace): print("hook", kind)
sys.excepthook = hook
raise KeyboardInterrupt
