import os
pid = os.fork()
if not pid:
    raise ValueError("in the child")
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
