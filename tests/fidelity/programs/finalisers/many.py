import gc
gc.disable()
class Numbered:
    def __init__(self, n): self.n = n
    def __del__(self): print(self.n, end=" ")
numbered = [Numbered(i) for i in range(20)]
by_name = {i: Numbered(i + 100) for i in range(5)}
single = Numbered(1000)
