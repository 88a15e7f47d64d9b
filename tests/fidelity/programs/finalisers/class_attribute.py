class Speaks:
    def __del__(self): print("class attribute gone")
class Holder:
    value = Speaks()
