import threading, time, sys
def late():
    time.sleep(0.05); print("thread ends")
threading.Thread(target=late).start()
sys.exit(3)
