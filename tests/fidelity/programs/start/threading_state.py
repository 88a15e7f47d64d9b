import threading, os
main = threading.main_thread()
print(threading.active_count(), threading.enumerate() == [main], main.name, main.daemon, main.is_alive())
print(main.ident == threading.get_ident(), main.native_id == os.getpid(), threading.get_native_id() == os.getpid())
print(threading.current_thread() is main, threading.stack_size(), threading.TIMEOUT_MAX)
thread = threading.Thread(target=lambda: print(threading.current_thread().name))
print(thread.name)
thread.start(); thread.join()
print(threading.Thread().name, threading.excepthook)
