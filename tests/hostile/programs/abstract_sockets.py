# Tries: leave a listener on loopback and on an abstract name for the next sample.
import os
import socket
import time

if os.fork() == 0:
    os.setsid()
    os.close(1)
    one = socket.socket(socket.AF_UNIX)
    one.bind("\0left")
    one.listen(1)
    two = socket.socket()
    two.bind(("127.0.0.1", 4567))
    two.listen(1)
    time.sleep(60)
time.sleep(0.1)
print("contained")
