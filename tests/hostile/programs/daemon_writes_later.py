# Tries: outlive its sample as a daemon and write a file into the next one's work area.
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3):
            os.close(fd)
        for _ in range(100):
            time.sleep(0.05)
            for place in ("/work", "/tmp", "/dev/shm"):
                try:
                    open(f"{place}/late", "w").close()
                except OSError:
                    pass
    os._exit(0)
print("contained")
