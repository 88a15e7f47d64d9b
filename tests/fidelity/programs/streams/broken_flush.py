import sys
class Broken:
    closed = False
    def write(self, text): pass
    def flush(self): raise OSError("flush is broken")
sys.stdout = Broken()
