# Tries: sockets of protocols whose modules the kernel would load for it.
import socket

made = []
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for name, protocol in (("DCCP", 33), ("L2TP", 115), ("SCTP", 132), ("UDP-Lite", 136), ("MPTCP", 262)):
            try:
                socket.socket(family, kind, protocol).close()
            except OSError:
                continue
            made.append(name)
print("contained" if not made else made)
