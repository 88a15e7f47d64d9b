import os
print("buffered before the fork")
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
