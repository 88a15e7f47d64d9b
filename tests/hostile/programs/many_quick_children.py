# Not an attack: many children that are waited for. What they use is known, and must count once.
import os
import subprocess
import time

for _ in range(60):
    pid = os.fork()
    if pid == 0:
        while time.process_time() < 0.01:
            pass
        os._exit(0)
    os.waitpid(pid, 0)
for _ in range(5):
    subprocess.run(["true"], check=True)
print("contained")
