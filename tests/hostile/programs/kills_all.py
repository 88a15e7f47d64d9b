# Tries: kill every process that it may signal.
import os
import signal

for number in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.kill(-1, number)
    except (PermissionError, ProcessLookupError):
        pass
print("contained")
