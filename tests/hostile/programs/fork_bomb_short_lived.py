# Tries: outrun the clean-up with processes that fork once and die at once.
import os
import time

if os.fork():
    time.sleep(60)
os.fork()
while True:
    try:
        if os.fork():
            os._exit(0)
    except OSError:
        pass
