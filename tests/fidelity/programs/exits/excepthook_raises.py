import sys
def hook(kind, value, trace):
    raise TypeError("the hook fails")
sys.excepthook = hook
raise ValueError("for the hook")
