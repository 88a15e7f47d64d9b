import faulthandler, ctypes
faulthandler.enable(all_threads=False)
print("lost")
faulthandler._sigfpe()
