"""What a sample can notice of the zygote: exactly this, each line of docs/fidelity.md a test."""

import json
from typing import Any

import pytest
from twins import Ended, Program, run_plain, run_zygote

from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def both(engine: Engine, source: str, **given: Any) -> tuple[Ended, Ended]:
    """Run a program in the zygote and in a new interpreter; both must end well."""
    program = Program(name="", files={"main.py": source.encode()}, **given)
    zygote, plain = await run_zygote(engine, program), await run_plain(engine, program)
    for ended in (zygote, plain):
        assert ended.status == "exit 0, signal None, killed None", ended
    return zygote, plain


async def both_values(engine: Engine, source: str, **given: Any) -> tuple[Any, Any]:
    """The same for a program that prints one JSON value."""
    zygote, plain = await both(engine, source, **given)
    return json.loads(zygote.stdout), json.loads(plain.stdout)


async def test_frames_below_the_module(engine: Engine) -> None:
    source = """
import json, sys
names, frame = [], sys._getframe().f_back
while frame is not None:
    names.append(frame.f_globals["__name__"])
    frame = frame.f_back
depth = 0
def down():
    global depth
    depth += 1
    down()
try:
    down()
except RecursionError:
    print(json.dumps([names, depth, sys.getrecursionlimit()]))
"""
    zygote, plain = await both_values(engine, source)
    assert plain[0] == []
    # The warden's first module, and what runs a module for `python3 -m`.
    assert zygote[0] in (["__main__"], ["__main__", "runpy", "runpy"])
    # Python 3.11 counts the calls between the frames too.
    assert len(zygote[0]) <= plain[1] - zygote[1] <= 2 * len(zygote[0])
    assert plain[2] == zygote[2]


async def test_uncaught_exceptions_show_no_frame_of_ours(engine: Engine) -> None:
    program = Program(name="", files={"main.py": b"def f(): 1 / 0\nf()\n"})
    zygote = await run_zygote(engine, program)
    assert b"warden" not in zygote.stderr
    assert b"runpy" not in zygote.stderr
    assert zygote == await run_plain(engine, program)


async def test_modules_are_loaded_already(engine: Engine) -> None:
    source = "import sys; names = sorted(sys.modules); import json; print(json.dumps(names))"
    zygote, plain = await both_values(engine, source)
    assert set(plain) <= set(zygote)
    assert {"cmath", "heapq", "copy"} <= set(zygote) - set(plain)
    assert not [name for name in zygote if "warden" in name or "veristone" in name]


async def test_parts_of_importlib_need_no_import(engine: Engine) -> None:
    # What a new interpreter has loaded beyond this depends on its site-packages.
    source = """
import importlib, json
print(json.dumps([hasattr(importlib, name) for name in ("machinery", "util", "metadata")]))
"""
    zygote, _ = await both_values(engine, source)
    assert zygote[:2] == [True, True]


async def test_no_other_package_shows_a_part_that_was_not_imported(engine: Engine) -> None:
    source = """
import json, sys
packages = [name for name in sys.modules if hasattr(sys.modules[name], "__path__")]
shown = [n for n in sys.modules if n.rpartition(".")[0] in packages]
print(json.dumps(shown))
"""
    zygote, plain = await both_values(engine, source)
    more = {name for name in set(zygote) - set(plain) if name.partition(".")[2][:1] != "_"}
    for package in ("encodings", "importlib"):
        more = {name for name in more if not name.startswith(f"{package}.")}
    own = "import json\nimport {package}\nprint(json.dumps(hasattr({package}, {part!r})))"
    for name in sorted(more):
        package, _, part = name.rpartition(".")
        _, seen = await both_values(engine, own.format(package=package, part=part))
        assert seen, f"{name} can be used after `import {package}` in the zygote alone"


async def test_caches_are_warm_and_frozen_objects_are_there(engine: Engine) -> None:
    source = """
import gc, json, re
print(json.dumps([gc.get_freeze_count(), len(re._cache)]))
"""
    zygote, plain = await both_values(engine, source)
    assert plain[0] == 0
    assert zygote[0] > 1000
    assert zygote[1] > plain[1]


async def test_proc_shows_the_warden(engine: Engine) -> None:
    source = """
import json
print(json.dumps([open(f"/proc/self/{name}").read() for name in ("cmdline", "environ")]))
"""
    zygote, plain = await both_values(engine, source, env={"GIVEN": "1"})
    assert "main.py" in plain[0]
    assert "warden" in zygote[0]
    assert "GIVEN=1" in plain[1]
    assert "GIVEN=1" not in zygote[1]


async def test_addresses_are_the_same_in_every_sample(engine: Engine) -> None:
    source = "import json; print(json.dumps(id(len)))"
    first, plain = await both_values(engine, source)
    second, again = await both_values(engine, source)
    assert first == second
    assert plain != again


async def test_a_profile_function_left_on_sees_the_end(engine: Engine) -> None:
    source = """
import sys
names = []
def profile(frame, event, arg):
    if event == "c_call":
        names.append(arg.__name__)
        if arg.__name__ == "gettrace":
            print("seen")
sys.setprofile(profile)
"""
    zygote, plain = await both(engine, source)
    assert (zygote.stdout, plain.stdout) == (b"seen\n", b"")


async def test_threads_have_the_usual_stack(engine: Engine) -> None:
    source = """
import ctypes, json
libc = ctypes.CDLL(None)
attributes, size = ctypes.create_string_buffer(128), ctypes.c_size_t()
libc.pthread_getattr_default_np(attributes)
libc.pthread_attr_getstacksize(attributes, ctypes.byref(size))
print(json.dumps(size.value // 2**20))
"""
    assert await both_values(engine, source) == (8, 64)


async def test_a_watched_end_costs_a_descriptor_and_a_hook(engine: Engine) -> None:
    source = b"""
import os, threading
print(sorted(map(int, os.listdir("/proc/self/fd")))[:-1], threading.excepthook.__name__)
"""
    program = Program(name="", files={"main.py": source})
    watched = await run_zygote(engine, program, "whole")
    assert watched.stdout == b"[0, 1, 2, 3] excepthook\n"
    assert (await run_zygote(engine, program)).stdout == b"[0, 1, 2] _excepthook\n"


async def test_references_to_what_was_there_before_are_not_counted(engine: Engine) -> None:
    source = """
import json, random, sys
counts = [sys.getrefcount(random), sys.getrefcount(random.choice.__code__), sys.getrefcount([])]
print(json.dumps([sys.version_info >= (3, 12), [count > 1_000_000_000 for count in counts]]))
"""
    (new, zygote), (_, plain) = await both_values(engine, source)
    assert zygote == [new, new, False]
    assert plain == [False, False, False]


async def test_hint_at_a_shadowing_file_is_missing(engine: Engine) -> None:
    files = {
        "main.py": b"""
import sys
try:
    import one
except ImportError as error:
    print(sys.version_info >= (3, 13), "consider renaming" in str(error))
""",
        "one.py": b"import two\na = 1\n",
        "two.py": b"from one import a\n",
    }
    program = Program(name="", files=files)
    zygote, plain = await run_zygote(engine, program), await run_plain(engine, program)
    new = plain.stdout.startswith(b"True")
    assert plain.stdout == (b"True True\n" if new else b"False False\n")
    assert zygote.stdout == (b"True False\n" if new else b"False False\n")


@pytest.mark.parametrize(
    "given",
    [{"env": {"PYTHONOPTIMIZE": "1"}}, {"env": {"LC_ALL": "C"}}],
    ids=["a variable of Python's", "a locale"],
)
async def test_early_variables_cost_a_new_interpreter(engine: Engine, given: Any) -> None:
    source = "import sys, json; print(json.dumps('cmath' in sys.modules))"
    assert await both_values(engine, source) == (True, False)
    assert await both_values(engine, source, **given) == (False, False)
