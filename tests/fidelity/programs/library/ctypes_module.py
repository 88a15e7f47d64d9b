import ctypes, ctypes.util
libc = ctypes.CDLL(None, use_errno=True)
print(libc.abs(-5), libc.strlen(b"four"), ctypes.sizeof(ctypes.c_long), libc.close(999), ctypes.get_errno())
array = (ctypes.c_int * 5)(3, 1, 2, 5, 4)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
libc.qsort(array, 5, ctypes.sizeof(ctypes.c_int), compare)
print(list(array), ctypes.string_at(b"abc"), ctypes.pythonapi.Py_GetVersion() != 0)
bad = ctypes.CFUNCTYPE(None)(lambda: 1 / 0)
bad()
