# Tries: keep the standard streams open in a daemon, so that a reader never sees their end.
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
print("contained")
