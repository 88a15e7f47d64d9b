import threading, os, time, warnings
warnings.simplefilter("ignore")
done = threading.Event()
t = threading.Thread(target=done.wait); t.start()
if os.fork() == 0:
    print(threading.active_count(), threading.current_thread() is threading.main_thread(), flush=True)
    os._exit(0)
os.wait(); done.set(); t.join()
