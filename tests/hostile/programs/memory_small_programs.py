# Tries: hold three times the limit in many programs, each smaller than the warden itself.
import os
import sys
import time

small = "import time\nkept = bytearray(b'x') * (12 << 20)\ntime.sleep(30)\n"
for _ in range(50):
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", small])
time.sleep(20)
print("held 600 MiB")
