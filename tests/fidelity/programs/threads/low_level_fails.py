import _thread, time
def bad(): raise ValueError("low level")
_thread.start_new_thread(bad, ())
time.sleep(0.1)
