# Tries: hold three times the limit in what was sent over sockets and never received.
import socket
import time

held, kept = 0, []
try:
    while held < 3 * 256 << 20:
        one, other = socket.socketpair()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        one.setblocking(False)
        kept += [one, other]
        try:
            while True:
                held += one.send(bytes(1 << 16))
        except BlockingIOError:
            pass
except OSError as error:
    print(error)
time.sleep(1)
print(f"held {held >> 20} MiB")
if held < 300 << 20:
    raise MemoryError("the host lets nobody send so much ahead")
