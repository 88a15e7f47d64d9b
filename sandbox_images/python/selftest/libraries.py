# expect: passed
import asyncio
import dataclasses
import json
import multiprocessing
import pickle
import sqlite3
import subprocess
import sys
import tempfile
import threading


@dataclasses.dataclass
class Point:
    x: int


def double(n):
    return 2 * n


async def main():
    await asyncio.sleep(0)
    return 3


if __name__ == "__main__":
    assert pickle.loads(pickle.dumps(Point(1))) == Point(1)
    with multiprocessing.Pool(2) as pool:
        assert pool.map(double, [1, 2]) == [2, 4]
    assert asyncio.run(main()) == 3
    seen = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    thread.join()
    assert seen == [1]
    assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    out = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True)
    assert out.stdout == b"1\n"
    assert json.loads("[1]") == [1]
