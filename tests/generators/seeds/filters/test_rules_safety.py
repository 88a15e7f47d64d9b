"""Hazards, what only looks like one, and the ways in which names travel."""

import msgspec
import pytest
from pydantic import ValidationError
from rules_corpus import reason, seed

from veristone.generators.seeds.filters.hazards import HAZARDS, ROOTS, hazard_of
from veristone.generators.seeds.filters.safety import TOLERATED, Safety
from veristone.generators.seeds.steps import Rejected

ALL = Safety(forbid=HAZARDS)

CASES = {
    "return eval(x)": "dynamic_code",
    "return map(eval, x)": "dynamic_code",
    "e = eval; return e(x)": "dynamic_code",
    "exec(x)": "dynamic_code",
    "return compile(x, 'a', 'exec')": "dynamic_code",
    "return __import__(x)": "dynamic_code",
    "return importlib.import_module(x)": "dynamic_code",
    "import builtins; return builtins.eval(x)": "dynamic_code",
    "return re.compile(x)": "kept",
    "return x.eval(), x.exec, x.compile": "kept",
    "def eval(y): return y\n    return eval(x)": "kept",
    "import pickle; return pickle.loads(x)": "deserialisation",
    "import pickle; return pickle.dumps(x)": "kept",
    "from pickle import loads as l; return l(x)": "deserialisation",
    "import json; return json.loads(x)": "kept",
    "import os; os.system(x)": "process",
    "import os as o; o.system(x)": "process",
    "from os import system as s; s(x)": "process",
    "os.system(x)": "process",
    "import subprocess; return subprocess.run(x)": "process",
    "import subprocess as sp; return sp.run(x)": "process",
    "from subprocess import CalledProcessError; return CalledProcessError": "kept",
    "import multiprocessing.pool; return multiprocessing.pool.Pool(x)": "process",
    "import threading; threading.Thread(target=x).start()": "thread",
    "import threading; return threading.Lock()": "kept",
    "from concurrent.futures import ThreadPoolExecutor as T; return T(x)": "thread",
    "import socket; return socket.socket()": "network",
    "import socket; return socket.inet_aton(x)": "kept",
    "import urllib.request; return urllib.request.urlopen(x)": "network",
    "import urllib.parse; return urllib.parse.quote(x)": "kept",
    "import requests; return requests.get(x)": "network",
    "return open(x, 'w')": "file_write",
    "return open(x, mode='ab')": "file_write",
    "return open(x, 'r+')": "file_write",
    "return open(x, 'r' if x else 'w')": "file_write",
    "return open(x, x)": "file_write",
    "return open(*x)": "file_write",
    "return open(x, **x)": "file_write",
    "return map(open, x)": "file_write",
    "return open(x)": "file_read",
    "return open(x, 'rb')": "file_read",
    "import gzip; return gzip.open(x, 'wt')": "file_write",
    "import zipfile; return zipfile.ZipFile(x)": "file_read",
    "import os; os.remove(x)": "file_write",
    "import shutil; shutil.rmtree(x)": "file_write",
    "x.write_text('a')": "file_write",
    "from pathlib import Path; Path(x).unlink()": "file_write",
    "p = Path(x); p.open('w')": "file_write",
    "return Path(x).exists()": "file_read",
    "x.unlink(); x.rename('b')": "kept",
    "import ctypes; return ctypes.CDLL(x)": "native_code",
    "import signal; signal.signal(x, x)": "signal",
    "return signal.filtfilt(x)": "kept",
    "import os; os.chdir(x)": "process_state",
    "import sys; sys.setrecursionlimit(x)": "process_state",
    "import sys; sys.stdout = x": "process_state",
    "import sys; sys.stdout.write(x)": "kept",
    "import os; return os.environ['A']": "environment",
    "return input(x)": "input",
    "def f(input): return input": "kept",
    "return [input for input in x]": "kept",
    "import sys; return sys.stdin.read()": "input",
    "import sys; sys.exit(x)": "exit",
    "exit(x)": "exit",
    "raise SystemExit": "exit",
    "return x.exit()": "kept",
    "return x.__globals__": "introspection",
    "return ().__class__.__base__.__subclasses__()": "introspection",
    "return globals()[x]": "introspection",
    "return x.__name__, x.__class__.__mro__": "kept",
    "global y; y = x": "global_state",
    "import time; time.sleep(x)": "sleep",
    "import random; return random.choice(x)": "nondeterminism",
    "import random; return random.Random(x).random()": "kept",
    "from datetime import datetime; return datetime.now()": "nondeterminism",
    "return hash(x)": "nondeterminism",
    "return print(x), len(x), os": "kept",
}


@pytest.mark.parametrize("body", CASES)
def test_hazards(body: str) -> None:
    code = body if body.startswith("def f") else f"def f(x):\n    {body}\n"
    assert reason(ALL, seed(code)) == CASES[body]
    rejected = CASES[body] != "kept" and CASES[body] not in TOLERATED
    assert (reason(Safety(), seed(code)) != "kept") == rejected


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_can_be_switched(hazard: str) -> None:
    bodies = [body for body, expected in CASES.items() if expected == hazard]
    assert bodies, "every hazard has a case"
    rule = Safety.model_validate({"forbid": tuple(each for each in HAZARDS if each != hazard)})
    only = Safety.model_validate({"forbid": (hazard,)})
    for body in bodies:
        code = f"def f(x):\n    {body}\n"
        assert reason(only, seed(code)) == hazard
        assert reason(rule, seed(code)) != hazard


def test_the_first_one_is_named_with_its_line() -> None:
    outcome = Safety().judge(seed("def f(x):\n    exec(x)\n    return eval(x)"))
    assert outcome == Rejected("dynamic_code", "exec, line 2")


def test_inferred_imports_are_followed() -> None:
    given = seed("def f(x): return s(x)", imports=("from os import system as s",))
    assert reason(Safety(), given) == "process"


def test_what_does_not_parse() -> None:
    assert reason(Safety(), seed("def f(")) == "unparsable"
    assert reason(Safety(), seed("eval(", shape="snippet")) == "kept"
    assert reason(Safety(), seed("eval(x)", shape="snippet")) == "dynamic_code"


def test_unknown_hazards_are_refused() -> None:
    with pytest.raises(ValidationError):
        Safety.model_validate({"forbid": ("danger",)})


def test_the_longest_name_decides() -> None:
    assert hazard_of("socket.socket.connect") == "network"
    assert hazard_of("socket.inet_aton") is None
    assert hazard_of("os.path.join") is None
    assert hazard_of("oscar") is None
    assert {"os", "eval", "open"} <= ROOTS


@pytest.mark.parametrize(
    ("code", "lines", "expected"),
    [
        ("def f(x): return run(x)", ("from subprocess import run",), "process"),
        ("def f(x): return open(x, 'w')", (), "kept"),  # the document's own
        ("def f(x): return signal.filtfilt(x)", ("from scipy import signal",), "kept"),
        ("def f(x): return s.system(x)", ("import os as s",), "process"),
        ("def f(x, run): return run(x)", ("from subprocess import run",), "kept"),
    ],
)
def test_what_the_document_says_of_a_name(code: str, lines: tuple[str, ...], expected: str) -> None:
    names = dict.fromkeys(("run", "open", "signal", "s"), lines)
    given = msgspec.structs.replace(seed(code), bindings=names)
    assert reason(Safety(), given) == expected
