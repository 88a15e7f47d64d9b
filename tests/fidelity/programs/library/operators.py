class V:
    def __init__(self, x): self.x = x
    def __add__(self, o): return V(self.x + o.x)
    def __matmul__(self, o): return "mat"
    def __getitem__(self, k): return k
    def __call__(self, *a, **k): return a, k
    def __format__(self, spec): return f"<{spec}>"
    def __bool__(self): return False
    def __contains__(self, o): return o == 1
    def __iter__(self): return iter("ab")
    def __index__(self): return 3
v = V(1)
print((v + v).x, v @ v, v[1:2, ...], v(1, a=2), f"{v:spec}", bool(v), 1 in v, [*v], hex(v), [10, 20, 30, 40][v])
