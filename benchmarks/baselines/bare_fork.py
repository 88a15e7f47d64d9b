"""Floor: fork and waitpid of an interpreter with the warden's modules, and nothing else."""

import gc
import importlib
import os
import sys
import time


def forks(count: int) -> None:
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.path.insert(0, "/opt/veristone")
    from warden.serve import PRELOAD

    for module in PRELOAD:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    workers, count = int(sys.argv[1]), int(sys.argv[2])
    started = time.perf_counter()
    children = []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            forks(count // workers)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    print(time.perf_counter() - started, count)
