import sys
sys.excepthook = lambda *a: print("never")
def f(:
