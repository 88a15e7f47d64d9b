# Tries: overflow the C stack.
import ctypes

ctypes.string_at(0)
