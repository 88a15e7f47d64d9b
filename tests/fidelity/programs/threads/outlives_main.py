import threading, time
def late():
    time.sleep(0.05)
    print("thread ends after main", threading.main_thread().is_alive(), __name__, "__file__" in globals())
threading.Thread(target=late).start()
print("main ends")
