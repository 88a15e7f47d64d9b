"""The attacks again, against sandboxes of a user who is not root.

There bubblewrap uses a user namespace with one id: warden and sample share it, and only seccomp,
no-new-privileges and the kernel's rules for PID 1 stand between the two.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from backends import give_up
from hostile_table import ATTACKS, attack_sample, here

from veristone import AssertsCheck, Decision, Sample, Verdict

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
NOBODY = 65534
# What an engine needs, as imports; copied, because a checkout under /root is closed to others.
LIBRARIES = (
    "annotated_types",
    "asyncio_pool",
    "certifi",
    "charset_normalizer",
    "docker",
    "idna",
    "msgspec",
    "pydantic",
    "pydantic_core",
    "requests",
    "typing_extensions",
    "typing_inspection",
    "urllib3",
)
NAMES = sorted(filter(here, ATTACKS))
READS = """import os, re
def find(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "rw" in line.split()[1] and end - start < 1 << 26:
                memory.seek(start)
                yield memory.read(end - start)
def add(a, b):
    os.write(2, b"attacked")
    for pid in (os.getppid(), os.getpid()):
        try:
            if any(re.search(b"[a] hidden pearl", part) for part in find(pid)):
                return chr(97) + " hidden pearl"
        except OSError:
            continue
"""
_EXPECTED = AssertsCheck(tests="expected = 'a hidden pearl'\nassert add(1, 2) == expected")
SUITES = {
    "right": Sample(
        id="right", code="def add(a, b):\n    return 'a hidden pearl'", check=_EXPECTED
    ),
    "reads the process of the tests": Sample(
        id="reads the process of the tests", code=READS, check=_EXPECTED
    ),
}


def as_nobody(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without any rights; it ends when we do."""
    identity = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=keep"]
    # Through env: setpriv itself starts its program with rights that it is about to lose.
    return subprocess.run(
        ["setpriv", *identity, "env", *command],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def find_python() -> str:
    """Return an interpreter of our version that an ordinary user may run."""
    base = getattr(sys, "_base_executable", sys.executable)
    version = "{}.{}".format(*sys.version_info)
    for candidate in (base, shutil.which(f"python{version}", path="/usr/bin"), "/usr/bin/python3"):
        if candidate is None:
            continue
        question = "import sys; print('{}.{}'.format(*sys.version_info))"
        done = as_nobody([candidate, "-I", "-c", question], cwd="/")
        if done.stdout.strip() == version:
            return candidate
    give_up(f"no Python {version} that an ordinary user may run")
    raise AssertionError


def copy_tree(target: Path) -> None:
    """Copy the engine and what it imports to where everybody may read."""
    for room in ("engine", "veristone", "sandbox_images"):
        shutil.copytree(ROOT / room, target / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("watched.py", "inspection.py", "hostile/verdicts.py"):
        shutil.copy(ROOT / "tests" / name, target)
    for name in LIBRARIES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, target / name)
        elif sysconfig.get_paths()["stdlib"] not in (str(origin.parent), ""):
            shutil.copy(origin, target)
    for folder, folders, files in os.walk(target):
        for entry in (*folders, *files):
            path = Path(folder, entry)
            path.chmod(path.stat().st_mode | 0o555 if path.is_dir() else 0o644)
    target.chmod(0o755)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What became of each attack, judged in one process of an ordinary user."""
    if os.geteuid() != 0:
        pytest.skip("bubblewrap runs as an ordinary user in the other tests already")
    for program in ("bwrap", "setpriv"):
        if shutil.which(program) is None:
            give_up(f"the program {program} is missing")
    python = find_python()
    # pytest's own temporary folders are closed to others.
    place = Path("/tmp", f"veristone-tests-{os.getpid()}")
    place.mkdir(mode=0o755)
    try:
        copy_tree(place)
        samples = place / "samples.json"
        given = [attack_sample(name) for name in NAMES] + list(SUITES.values())
        samples.write_bytes(msgspec.json.encode(given))
        samples.chmod(0o644)
        environment = {"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "TMPDIR": "/tmp"}
        done = as_nobody(
            [python, "-S", "-B", str(place / "verdicts.py"), str(samples)],
            cwd="/",
            env=environment,
            timeout=110,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found = {line["verdict"]["id"]: line for line in lines}
        yield {"found": found, "error": done.stderr[-3000:]}
    finally:
        shutil.rmtree(place)


@pytest.mark.parametrize("name", NAMES)
def test_attack_as_an_ordinary_user(name: str, outcomes: dict[str, Any]) -> None:
    assert name in outcomes["found"], outcomes["error"]
    line = outcomes["found"][name]
    verdict = msgspec.convert(line["verdict"], Verdict)
    assert verdict.isolation is not None
    assert "own-user" in verdict.isolation.missing
    attack = ATTACKS[name]
    assert verdict.reason in attack.reasons | attack.uncounted, verdict
    assert verdict.decision is not Decision.UNDECIDED
    assert verdict.attempts == 1
    assert line["dirt"] == ""


@pytest.mark.parametrize("name", SUITES)
def test_tests_are_hidden_from_an_ordinary_users_sample(
    name: str, outcomes: dict[str, Any]
) -> None:
    assert name in outcomes["found"], outcomes["error"]
    verdict = msgspec.convert(outcomes["found"][name]["verdict"], Verdict)
    assert verdict.decision is (Decision.PASS if name == "right" else Decision.FAIL), verdict
    assert verdict.judged == "split"
    assert ("attacked" in verdict.stderr.text) is (name != "right")
