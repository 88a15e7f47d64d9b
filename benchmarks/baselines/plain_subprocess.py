"""Baseline: `python file.py` for every program, two at a time, with no isolation at all."""

import concurrent.futures
import subprocess
import sys
import time


def run(path: str) -> int:
    return subprocess.run(
        [sys.executable, path], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    ).returncode


if __name__ == "__main__":
    paths = sys.stdin.read().split()
    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[1])) as pool:
        codes = list(pool.map(run, paths))
    print(time.perf_counter() - started, sum(code == 0 for code in codes))
