# Looks for what the program before it left.
import os
import socket


def attack():
    found = [place for place in ("/tmp", "/dev/shm") if os.listdir(place)]
    found += ["/work"] if os.listdir("/work") != ["main.py"] else []
    space = os.statvfs("/tmp")
    found += ["space"] if space.f_blocks - space.f_bfree > 16 else []
    found += (
        ["process"] if {n for n in os.listdir("/proc") if n.isdigit()} - {"1", str(os.getpid())} else []
    )
    try:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 8123))
    except OSError:
        found.append("port")
    print("ran", found or "held")
