class Speaks:
    def __init__(self, name): self.name = name
    def __del__(self): print("gone", self.name)
a = Speaks("a")
_b = Speaks("_b")
c = Speaks("c")
