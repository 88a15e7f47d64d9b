# Tries: reboot the machine.
import ctypes

ctypes.CDLL(None).syscall(169, 0xFEE1DEAD, 672274793, 0x1234567, 0)
print("still here")
