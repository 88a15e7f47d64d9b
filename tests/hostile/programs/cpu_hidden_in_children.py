# Tries: burn CPU time in children whose times nobody ever collects.
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
end = time.monotonic() + 3.5
while time.monotonic() < end:
    pid = os.fork()
    if pid == 0:
        until = time.process_time() + 0.25
        while time.process_time() < until:
            pass
        os._exit(0)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass
print("contained")
