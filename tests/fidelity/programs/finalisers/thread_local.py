import threading
local = threading.local()
class Speaks:
    def __del__(self): print("thread local gone")
local.value = Speaks()
thread = threading.Thread(target=lambda: setattr(local, "value", Speaks()))
thread.start(); thread.join()
print("end")
