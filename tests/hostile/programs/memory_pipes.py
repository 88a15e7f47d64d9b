# Tries: hide memory in the buffers of pipes and sockets.
import fcntl
import os
import socket

held, total = [], 0
try:
    while True:
        reader, writer = os.pipe()
        held += [reader, writer]
        os.set_blocking(writer, False)
        try:
            fcntl.fcntl(writer, 1031, 1 << 20)
        except OSError:
            pass
        try:
            while True:
                total += os.write(writer, bytes(1 << 16))
        except BlockingIOError:
            pass
except OSError:
    pass
assert total < 160 << 20, f"{total >> 20} MiB in pipes"
print("contained")
