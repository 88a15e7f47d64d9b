class Speaks:
    def __del__(self): print("default gone")
def f(x=Speaks()): return x
