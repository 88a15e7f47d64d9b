import sys, traceback
def hook(*_): traceback.print_stack(file=sys.stdout)
sys.excepthook = hook
raise ValueError
