import os, sys, atexit
atexit.register(print, "atexit")
pid = os.fork()
if not pid:
    print("child")
    sys.exit(4)
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
