# Tries: leave busy daemons behind that fork whenever they can.
import os

for _ in range(10):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
print("contained")
