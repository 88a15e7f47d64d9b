# Tries: leave a mark on what stays: times of places and devices, hints, attributes, a flow label.
import fcntl
import os
import socket
import struct
import time

SET_FLAGS, SET_HINT, FLOW_LABEL = 0x40086602, 1036, 32
time.sleep(0.3)
for place in ("/work", "/tmp", "/dev/shm", "/dev/mqueue"):
    if not os.path.isdir(place):
        continue
    fd = os.open(place, os.O_RDONLY)
    for action in (
        lambda: fcntl.ioctl(fd, SET_FLAGS, struct.pack("l", 0x40)),
        lambda: fcntl.ioctl(fd, SET_FLAGS, struct.pack("l", 0x80)),
        lambda: fcntl.fcntl(fd, SET_HINT, struct.pack("Q", 5)),
        lambda: os.utime(place, (1, 2)),
        lambda: os.utime(place),
        lambda: os.setxattr(place, "user.left", b"x"),
        lambda: os.close(os.open(f"{place}/left", os.O_CREAT, 0o666)),
        lambda: os.unlink(f"{place}/left"),
    ):
        try:
            action()
        except OSError:
            pass
for name in os.listdir("/dev"):
    try:
        os.utime(f"/dev/{name}", follow_symlinks=False)
    except OSError:
        pass
label = struct.pack("!16xIBBHHH4x", 0x12345, 0, 255, 1, 100, 100)
try:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.IPPROTO_IPV6, FLOW_LABEL, label[:15] + b"\1" + label[16:])
except OSError:
    pass
print("contained")
