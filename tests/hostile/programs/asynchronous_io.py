# Tries: take the slots for asynchronous input and output, of which the whole host has one number.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
taken = 0
while taken < 1000:
    context = ctypes.c_ulong(0)
    if libc.syscall(ctypes.c_long(206), ctypes.c_long(1000), ctypes.byref(context)) != 0:
        break
    taken += 1
print(f"took {taken}" if taken else "contained")
