class Speaks:
    def __del__(self): print("helper object gone")
theirs = Speaks()
def use(): print("used")
