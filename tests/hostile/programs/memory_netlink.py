# Tries: hold memory in messages to oneself over netlink, which are nobody's memory.
import socket
import struct
import time

held, kept, protocols = 0, [], []
for protocol in range(32):
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol).close()
    except OSError:
        continue
    protocols.append(protocol)
message = struct.pack("=IHHII", 60_000, 100, 0, 0, 0) + bytes(59_984)
for _ in range(900):
    try:
        one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)
    except OSError:
        break
    one.bind((0, 0))
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    kept.append(one)
    try:
        while True:
            one.sendto(message, (one.getsockname()[0], 0))
            held += len(message)
    except OSError:
        pass
time.sleep(0.5)
print("contained" if held < 64 << 20 and set(protocols) <= {0, 4} else (held, protocols))
