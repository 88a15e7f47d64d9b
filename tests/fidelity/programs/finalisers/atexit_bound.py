import atexit
class Speaks:
    def close(self): print("closed in atexit")
    def __del__(self): print("then gone")
atexit.register(Speaks().close)
