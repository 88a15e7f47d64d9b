import sys
class Speaks:
    def __del__(self): print("local gone")
def f():
    local = Speaks()
    sys.exit(2)
f()
