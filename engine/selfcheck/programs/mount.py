# Mounts, which no program of a sample's does.
import ctypes


def attack():
    print("ran", flush=True)
    ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None)
    print("came back")
