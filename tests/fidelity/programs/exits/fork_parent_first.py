import os, time
if os.fork() == 0:
    time.sleep(0.01)
    os._exit(0)
print("parent ends first")
