"""What a bubblewrap sandbox sees of the host, and that programs find what they need."""

import json
import tempfile
import venv
from pathlib import Path

import pytest
from backends import open_engine, story

from veristone import ConfigError, Limits, Reason, Sample
from veristone.engine import Engine

pytestmark = pytest.mark.bubblewrap

ROOT = Path(__file__).resolve().parents[3]
ROOMY = Limits(cpu_s=30.0, wall_s=60.0)
LOOK = """
import json, os, sys
mounts = [line.split()[3] for line in open("/proc/self/mountinfo")]
seen = {place: sorted(os.listdir(place)) for place in ("/", "/etc", "/opt", "/usr", "/usr/share")}
print(json.dumps({"mounts": mounts, "seen": seen, "python": sys.base_prefix}))
"""
USE = """
import ctypes, ctypes.util, locale, shutil, ssl, subprocess, sys, time, zoneinfo
assert ctypes.CDLL(ctypes.util.find_library("c")).getpid() > 1
zoneinfo.ZoneInfo("Europe/Berlin")
ssl.create_default_context()
assert subprocess.check_output([sys.executable, "-c", "print(1)"]) == b"1\\n"
assert subprocess.check_output(["/usr/bin/env", "python3", "-c", "print(2)"]) == b"2\\n"
piped = "printf 'b\\\\na\\\\n' | sort | sed s/a/c/ | awk '{print $1}' | tr -d '\\\\n'"
print(subprocess.check_output(piped, shell=True, text=True))
"""


async def run(engine: Engine, code: str) -> str:
    verdict = await engine.verify(Sample(code=code, limits=ROOMY))
    assert verdict.reason is Reason.PASSED, story(verdict)
    return verdict.stdout.text


async def test_an_interpreter_that_no_sandbox_would_see_is_refused() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        venv.create(folder, with_pip=False)
        with pytest.raises(ConfigError, match="lies under /tmp"):
            async with open_engine("bubblewrap", python=f"{folder}/bin/python"):
                pass


async def test_of_the_host_there_is_only_what_programs_need() -> None:
    async with open_engine("bubblewrap") as engine:
        found = json.loads(await run(engine, LOOK))
        hosts = await run(engine, "print(open('/etc/hosts').read())")
    assert hosts.split() == ["127.0.0.1", "localhost", "sandbox", "::1", "localhost"]
    seen = found["seen"]
    assert seen["/opt"] == ["veristone"]
    assert "passwd" in seen["/etc"]
    assert not {"hostname", "shadow", "ssh", "machine-id"} & set(seen["/etc"])
    assert not {"src", "include", "games", "libexec"} & set(seen["/usr"])
    assert not {"home", "var", "srv", "mnt", "boot", "run", "media"} & set(seen["/"])
    # Where this package lies is nobody's business.
    assert not [path for path in found["mounts"] if str(ROOT) in path or "site-packages" in path]


async def test_programs_find_their_libraries_data_and_the_shells_tools() -> None:
    async with open_engine("bubblewrap") as engine:
        assert await run(engine, USE) == "cb\n"
