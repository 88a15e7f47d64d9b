import threading
def f(): raise ValueError("in a thread")
thread = threading.Thread(target=f, name="worker")
thread.start(); thread.join()
print("main goes on")
