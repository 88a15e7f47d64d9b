import atexit, signal, sys
print(atexit._ncallbacks())
