# Tries: mount a file system of its own.
import ctypes

ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None)
print("mounted")
