import threading, time
def late():
    time.sleep(0.05); raise ValueError("late")
threading.Thread(target=late, name="T").start()
