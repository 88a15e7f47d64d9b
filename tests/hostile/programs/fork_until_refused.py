# Tries: reach the limit of processes, survive it, end well; the next sample must not be blamed.
import os
import time

children = []
try:
    while True:
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
            os._exit(0)
        children.append(pid)
except OSError:
    pass
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
print("contained")
