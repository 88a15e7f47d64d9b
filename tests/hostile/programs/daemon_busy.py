# Tries: leave busy daemons behind that fork whenever they can.
import os

for _ in range(10):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
print("contained")
