# Tries: hold huge pages of which a small part lies in a pipe, and the rest belongs to nobody.
import ctypes
import mmap
import os
import time

HUGE = 2 << 20
libc = ctypes.CDLL(None, use_errno=True)
libc.vmsplice.restype = ctypes.c_ssize_t
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


given, writer, room, kept = 0, -1, 0, []
for turn in range(500):
    pages = mmap.mmap(-1, 2 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    kept.append(pages)  # or it would unmap its place once more, whoever has it by then
    pages.madvise(mmap.MADV_HUGEPAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    aligned = (start + HUGE - 1) // HUGE * HUGE
    ctypes.memset(aligned, 1, HUGE)
    if not room:
        _, writer = os.pipe2(os.O_NONBLOCK)
        room = 15
    if libc.vmsplice(writer, ctypes.byref(Piece(aligned, 4096)), 1, 0) < 0:
        break
    given, room = given + 1, room - 1
    libc.munmap(start, 2 * HUGE)
    if turn % 10 == 0:
        time.sleep(0.02)
time.sleep(0.5)
print("contained" if given < 100 else given, flush=True)
os._exit(0)
