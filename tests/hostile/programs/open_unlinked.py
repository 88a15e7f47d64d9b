# Tries: keep unlinked files open in a process that the parent does not wait for.
import os
import time

if os.fork() == 0:
    os.setsid()
    held = []
    for place in ("/work", "/tmp", "/dev/shm"):
        file = open(f"{place}/gone", "wb")
        file.write(bytes(30 << 20))
        file.flush()
        os.unlink(f"{place}/gone")
        held.append(file)
    os.close(1)
    time.sleep(60)
time.sleep(0.2)
print("contained")
