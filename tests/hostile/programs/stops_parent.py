# Tries: stop PID 1, its own parent.
import os
import signal

for target in (os.getppid(), 1):
    try:
        os.kill(target, signal.SIGSTOP)
    except PermissionError:
        pass
print("contained")
