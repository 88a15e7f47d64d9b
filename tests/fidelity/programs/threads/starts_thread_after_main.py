import threading, time
def late():
    time.sleep(0.05)
    threading.Thread(target=print, args=("second thread",)).start()
threading.Thread(target=late).start()
