import sys
def hook(kind, value, trace):
    print("leaving")
    sys.exit(5)
sys.excepthook = hook
raise ValueError("for the hook")
