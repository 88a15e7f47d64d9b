# Reaches out over every kind of socket.
import socket


def attack():
    reached = []
    for family, host in ((socket.AF_INET, "1.1.1.1"), (socket.AF_INET6, "2606:4700:4700::1111")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as one:
                one.settimeout(0.5)
                try:
                    one.connect((host, 53))
                except OSError:
                    continue
                reached.append(host)
    print("ran", reached or "held")
