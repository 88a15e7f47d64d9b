import ctypes
libc = ctypes.CDLL(None)
libc.printf(b"from C, buffered by C %d\n", 7)
libc.puts(b"again")
print("from Python")
