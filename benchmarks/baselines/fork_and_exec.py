"""Baseline: the way of OpenAI's human-eval, written anew: manager, process and `exec` for each.

It isolates nothing; the pieces that cost time are the same: a `multiprocessing.Manager` that
holds the result, a forked process with standard streams swallowed, a timer signal, `exec`.
"""

import concurrent.futures
import contextlib
import io
import multiprocessing
import signal
import sys
import time


def execute(code: str, result) -> None:  # type: ignore[no-untyped-def]
    def too_late(*_: object) -> None:
        raise TimeoutError

    try:
        sink = io.StringIO()
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            signal.setitimer(signal.ITIMER_REAL, 30.0)
            signal.signal(signal.SIGALRM, too_late)
            try:
                exec(code, {})
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        result.append("passed")
    except BaseException as error:
        result.append(f"failed: {error}")


def run(path: str) -> bool:
    with open(path) as file:
        code = file.read()
    with multiprocessing.Manager() as manager:
        result = manager.list()
        process = multiprocessing.Process(target=execute, args=(code, result))
        process.start()
        process.join(timeout=31)
        if process.is_alive():
            process.kill()
        return bool(result) and result[0] == "passed"


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    paths = sys.stdin.read().split()
    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[1])) as pool:
        passed = sum(pool.map(run, paths))
    print(time.perf_counter() - started, passed)
