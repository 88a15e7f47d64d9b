class Speaks:
    def __del__(self): print("local of the failed frame gone")
def f():
    local = Speaks()
    raise ValueError("held")
f()
