# Tries: slip past the filter with 32-bit system calls (int 0x80) in machine code of its own.
import ctypes
import mmap
import os
import signal

# mov eax, NUMBER; xor ebx..esi; int 0x80; ret
def code(number):
    return b"\x53\xb8" + number.to_bytes(4, "little") + b"\x31\xdb\x31\xc9\x31\xd2\x31\xf6\xcd\x80\x5b\xc3"


done = []
for name, number in (("getpid", 20), ("mount", 21), ("ptrace", 26), ("unshare", 310), ("keyctl", 288)):
    pid = os.fork()
    if pid == 0:
        area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        area.write(code(number))
        address = ctypes.addressof(ctypes.c_char.from_buffer(area))
        answer = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
        os._exit(0 if answer in (-1, -38) else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # SIGSEGV: a kernel that has no 32-bit calls at all.
    if status not in (-signal.SIGSYS, -signal.SIGSEGV, 0):
        done.append((name, status))
print("contained" if not done else done)
