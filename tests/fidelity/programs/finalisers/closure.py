def make():
    class Speaks:
        def __del__(self): print("closure gone")
    speaks = Speaks()
    return lambda: speaks
keep = make()
