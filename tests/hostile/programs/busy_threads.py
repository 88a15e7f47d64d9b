# Tries: compute for ever in threads while the main thread sleeps.
import hashlib
import threading
import time

data = bytes(1 << 20)


def burn():
    while True:
        hashlib.sha256(data).digest()


for _ in range(4):
    threading.Thread(target=burn, daemon=True).start()
time.sleep(3600)
