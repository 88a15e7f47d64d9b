import ctypes
ctypes.CDLL(None).puts(b"from C")
raise ValueError
