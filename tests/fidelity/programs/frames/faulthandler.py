import faulthandler, sys
print(faulthandler.is_enabled())
faulthandler.enable()
print(faulthandler.is_enabled())
def f():
    faulthandler.dump_traceback(all_threads=False)
import threading
thread = threading.Thread(target=f)
thread.start(); thread.join()
