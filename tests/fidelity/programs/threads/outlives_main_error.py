import threading, time
def late():
    time.sleep(0.05); print("thread ends")
threading.Thread(target=late).start()
raise ValueError("main fails")
