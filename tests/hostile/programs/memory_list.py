# Tries: take all memory with one growing list.
import time

held = []
while True:
    held.append(b"x" * (1 << 20))
    if len(held) > 4000:
        time.sleep(1)
