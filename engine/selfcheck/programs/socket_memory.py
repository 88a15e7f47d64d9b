# Holds memory in what was sent over sockets and never received.
import socket
import time


def attack():
    print("ran", flush=True)
    held, kept = 0, []
    while held < 700 << 20:
        pair = socket.socketpair()
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        pair[0].setblocking(False)
        kept += pair
        try:
            while True:
                held += pair[0].send(bytes(1 << 16))
        except BlockingIOError:
            pass
    time.sleep(2)
