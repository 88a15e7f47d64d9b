# Uses CPU time in children of which nobody is told what they used.
import os
import signal
import struct
import time


def attack():
    print("ran", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    reader, writer = os.pipe()
    used = 0.0
    while used < 4.0:
        if os.fork() == 0:
            while time.process_time() < 0.01:
                pass
            os.write(writer, struct.pack("d", time.process_time()))
            os._exit(0)
        used += struct.unpack("d", os.read(reader, 8))[0]
