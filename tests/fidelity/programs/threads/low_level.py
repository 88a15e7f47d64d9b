import _thread, time
_thread.start_new_thread(lambda: (time.sleep(0.01), print("low level")), ())
time.sleep(0.1)
