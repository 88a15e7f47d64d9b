import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep(1)
print("never")
