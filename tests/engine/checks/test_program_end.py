"""A program that is judged by its exit status must come to its own end."""

import pytest

from veristone import Decision, Limits, ProgramCheck, Reason, Sample
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_s=10.0, wall_s=20.0)
R = Reason

TESTS = "\ndef double(x):\n    return x\nassert double(2) == 4\n"
WHOLE = {
    "nothing at all": "",
    "a last line": "def f():\n    return 1\nassert f() == 1",
    "exit 0": "import sys\nprint(1)\nsys.exit(0)",
    "exit of what main returns": "import sys\ndef main():\n    print(1)\nsys.exit(main())",
    "guarded": (
        "import sys\ndef main():\n    return 0\nif __name__ == '__main__':\n    sys.exit(main())"
    ),
    "exit at main's end": "import sys\ndef main():\n    print(1)\n    sys.exit()\nmain()",
    "exit inside of exit": (
        "import sys\ndef main():\n    print(1)\n    sys.exit(0)\nif True:\n    sys.exit(main())"
    ),
    "either branch": "import sys\nif len(sys.argv) > 5:\n    pass\nelse:\n    exit()",
    "quit": "print(1)\nquit()",
    "raise": "raise SystemExit(0)",
    "at once, as the last statement": "import os\nassert True\nprint(1); os._exit(0)\n# the end",
    "at the end of try": "try:\n    print(1)\n    exit(0)\nexcept OSError:\n    pass",
    "from a handler": "import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    sys.exit(0)",
    "false means 0": "import sys\nsys.exit(False)",
    "unittest": (
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        pass\n"
        "if __name__ == '__main__':\n    unittest.main()"
    ),
    "several lines": "import sys\nsys.exit(\n    int(\n        0\n    )\n)",
    "async main": (
        "import asyncio, sys\nasync def main():\n    await asyncio.sleep(0)\n    sys.exit(0)\n"
        "asyncio.run(main())"
    ),
    "endless loop": (
        "import sys\nn = 0\nwhile True:\n    n += 1\n    if n > 3:\n        sys.exit(0)"
    ),
    "swallowed": "import sys\ntry:\n    sys.exit(0)\nexcept SystemExit:\n    pass\nassert True",
    "exit functions": "import atexit\natexit.register(print, 1)\n",
    "threads": "import threading\nt = threading.Thread(target=print)\nt.start()",
    "a daemon": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    ),
    "children": (
        "import os\npid = os.fork()\nif pid == 0:\n    os._exit(3)\nos.waitpid(pid, 0)\nassert pid"
    ),
    "a child that goes on": "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)",
    "trace function": "import sys\nsys.settrace(lambda *_: None)\nassert True",
    "its own excepthook for threads": (
        "import threading\nthreading.excepthook = lambda args: None\n"
        "t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()"
    ),
    "many open files": "files = [open('/dev/null') for _ in range(900)]\nassert files",
}
CUT_SHORT = {
    "exit first": "import sys\nsys.exit(0)" + TESTS,
    "raise first": "raise SystemExit" + TESTS,
    "os._exit": "import os\nos._exit(0)" + TESTS,
    "exit in the function under test": (
        "import sys\ndef double(x):\n    sys.exit(0)\nassert double(2) == 4"
    ),
    "exit in an argument": (
        "import sys\ndef double(x):\n    sys.exit(0)\n"
        "def check(x):\n    assert x == 4\ncheck(double(2))"
    ),
    "exit under a check": (
        "import sys\ndef double(x):\n    sys.exit(0)\n"
        "def check(f):\n    assert f(2) == 4\n    assert f(3) == 6\ncheck(double)"
    ),
    "exit in a loop of tests": (
        "import sys\ndef double(x):\n    sys.exit(0)\nfor n in 1, 2:\n    assert double(n) == 2 * n"
    ),
    "exit function": "import atexit, os\natexit.register(os._exit, 0)" + TESTS,
    "exception hook": "import os, sys\nsys.excepthook = lambda *_: os._exit(0)" + TESTS,
    "parent leaves": "import os\nif os.fork():\n    os._exit(0)" + TESTS,
    "parent leaves politely": "import os, sys\nif os.fork():\n    sys.exit(0)" + TESTS,
    "alarm": (
        "import os, signal, time\nsignal.signal(signal.SIGALRM, lambda *_: os._exit(0))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(5)" + TESTS
    ),
    "alarm that raises": (
        "import signal, sys, time\nsignal.signal(signal.SIGALRM, lambda *_: sys.exit(0))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(5)" + TESTS
    ),
    "another program": "import os\nos.execv('/bin/true', ['true'])" + TESTS,
    "itself again": (
        "import os, sys\nif 'again' in sys.argv:\n    sys.exit(0)\n"
        "os.execv(sys.executable, [sys.executable, __file__, 'again'])" + TESTS
    ),
    "thread that leaves": (
        "import os, threading\nthreading.Thread(target=os._exit, args=(0,)).start()\n"
        "import time\ntime.sleep(5)" + TESTS
    ),
    "finaliser that leaves": (
        "import os\nclass Last:\n    def __del__(self):\n        os._exit(0)\nlast = Last()" + TESTS
    ),
    "no standard error": "import sys\nsys.stderr.close()\nraise SystemExit" + TESTS,
    "forged traceback": (
        "import sys\ndef double(x):\n    raise SystemExit(0).with_traceback(None)\n"
        "assert double(2) == 4"
    ),
    "lying class": (
        "class Leave(SystemExit):\n    __traceback__ = None\n"
        "def double(x):\n    raise Leave(0)\nassert double(2) == 4"
    ),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_a_program_that_comes_to_its_end_passes(name: str, engine: Engine) -> None:
    verdict = await engine.verify(Sample(code=WHOLE[name], check=ProgramCheck(), limits=LIMITS))
    assert verdict.reason is R.PASSED, verdict.message
    assert verdict.completion == "proven"
    assert verdict.judged == "shared"


@pytest.mark.parametrize("name", CUT_SHORT)
async def test_a_program_that_leaves_before_is_no_pass(name: str, engine: Engine) -> None:
    verdict = await engine.verify(Sample(code=CUT_SHORT[name], check=ProgramCheck(), limits=LIMITS))
    assert verdict.reason is R.EARLY_EXIT, (verdict.reason, verdict.message)
    assert verdict.completion is None


async def test_tests_that_failed_in_a_thread_failed(engine: Engine) -> None:
    body = "\n    ".join(["def tests():", "assert 1 == 2", ""])
    for ending in ("t.start()", "t.start()\nt.join()"):
        code = f"import threading\n{body}\nt = threading.Thread(target=tests)\n{ending}\n"
        verdict = await engine.verify(Sample(code=code, limits=LIMITS))
        assert verdict.reason is R.RUNTIME_ERROR
        assert verdict.message.startswith("a thread ended with AssertionError")


async def test_what_is_written_to_the_record_is_seen(engine: Engine) -> None:
    code = "import os\nfor fd in range(3, 1024):\n    try:\n        os.write(fd, b'x\\n')\n"
    code += "    except OSError:\n        pass\n"
    verdict = await engine.verify(Sample(code=code, limits=LIMITS))
    assert verdict.reason is R.TAMPERED


@pytest.mark.parametrize(
    "sample",
    [
        Sample(code="raise SystemExit(3)", check=ProgramCheck(exit_code=3)),
        Sample(code="raise SystemExit(3)", check=ProgramCheck(exit_code=None)),
        Sample(code="import os\nos._exit(0)", check=ProgramCheck(must_reach_end=False)),
        Sample(code="print(1)", env={"PYTHONHASHSEED": "7"}),
    ],
)
async def test_without_a_proof_the_verdict_says_so(sample: Sample, engine: Engine) -> None:
    verdict = await engine.verify(sample)
    assert verdict.decision is Decision.PASS, verdict.message
    assert verdict.completion == "exit_status_only"


async def test_where_output_is_compared_an_early_exit_is_fine(engine: Engine) -> None:
    code = "import sys\nprint(42)\nsys.exit(0)\nprint(43)"
    verdict = await engine.verify(Sample(code=code, check=ProgramCheck(stdout="42\n")))
    assert (verdict.reason, verdict.completion, verdict.judged) == (R.PASSED, None, "split")
