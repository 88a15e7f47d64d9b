import sys, __main__
class Speaks:
    def __init__(self, n): self.n = n
    def __del__(self): print("gone", self.n, None if __main__ is None else "main alive")
sys.kept = __main__
a = Speaks("a"); _p = Speaks("_p"); __q = Speaks("__q")
