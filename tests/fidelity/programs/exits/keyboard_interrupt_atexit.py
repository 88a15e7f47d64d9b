import atexit
atexit.register(print, "atexit runs")
class Speaks:
    def __del__(self): print("finaliser runs")
speaks = Speaks()
raise KeyboardInterrupt("with text")
