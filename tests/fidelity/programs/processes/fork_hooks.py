import os
os.register_at_fork(before=lambda: print("before", flush=True), after_in_parent=lambda: print("parent"), after_in_child=lambda: print("child"))
if os.fork() == 0:
    import sys
    sys.stdout.flush()
    os._exit(0)
os.wait()
