class Speaks:
    def __del__(self): print("global gone")
x = Speaks()
raise ValueError("x")
