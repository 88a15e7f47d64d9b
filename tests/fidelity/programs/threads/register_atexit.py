import threading, atexit
threading._register_atexit(print, "before the threads are joined")
atexit.register(print, "atexit")
