import os, time
if os.fork() == 0:
    if os.fork() == 0:
        print(os.getppid() >= 1, flush=True)
        os._exit(0)
    os._exit(0)
os.wait()
time.sleep(0.05)
