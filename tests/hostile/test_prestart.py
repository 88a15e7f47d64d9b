"""What is started ahead of a program is what a plain start makes of it, and nothing poisons it.

The process that waits is looked at from the host.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from backends import open_engine, story

from veristone import BackendUnavailable, Limits, ProgramCheck, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.languages import find, installed
from veristone.engine.selftest import selftests

pytestmark = pytest.mark.bubblewrap

FIRST_UID = 200_000
STARTED_AHEAD = sorted(name for name, language in installed().items() if language.prestart)
EACH_KIND_OF_GATE = ["javascript", "r"]
HELLO = 'console.log("hello")\n'


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    """An open engine with one sandbox, in which nobody else's program waits."""
    if os.geteuid() != 0:
        pytest.skip("nothing is started ahead where samples share the warden's user")
    async with open_engine("bubblewrap") as opened:
        yield opened


async def ready(engine: Engine, language: str) -> None:
    try:
        await engine.isolation(language)
    except BackendUnavailable as error:  # a toolchain or an image that is not there
        pytest.skip(str(error))


def hello(language: str) -> Sample:
    (test,) = (test for test in selftests(find(language)) if test.sample.id == "hello")
    return test.sample


async def judged(
    engine: Engine, code: str = HELLO, stdout: str | None = None, *args: str, **settings: Any
) -> Verdict:
    """Return the verdict on a JavaScript program."""
    check = ProgramCheck(stdout=stdout, args=list(args))
    return await engine.verify(Sample(code=code, language="javascript", check=check, **settings))


def waiting() -> set[int]:
    """Return the processes of samples in our sandboxes: what waits, where none is being judged."""
    parents: dict[int, int] = {}
    samples: set[int] = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = dict(line.split(":", 1) for line in (path / "status").read_text().splitlines())
            parents[int(path.name)] = int(status["PPid"])
            # A warden has the sample's user, too, while it starts something.
            if int(status["Uid"].split()[0]) >= FIRST_UID and status["NSpid"].split()[-1] != "1":
                samples.add(int(path.name))
    return {pid for pid in samples if os.getpid() in _ancestors(pid, parents)}


def _ancestors(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    while pid := parents.get(pid, 0):
        yield pid


async def until_one_waits() -> int:
    async with asyncio.timeout(20):
        while not (found := waiting()):
            await asyncio.sleep(0.02)
    # It has done what it does before it needs the program.
    await asyncio.sleep(0.2)
    return min(found)


@pytest.mark.parametrize("language", STARTED_AHEAD)
async def test_a_sandbox_that_waits_has_started_what_its_next_program_needs(
    language: str, engine: Engine
) -> None:
    await ready(engine, language)
    for _ in range(2):
        verdict = await engine.verify(hello(language))
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)
        await until_one_waits()


async def test_the_process_that_waited_is_the_programs(engine: Engine) -> None:
    await ready(engine, "javascript")
    await judged(engine)
    for _ in range(2):
        status = Path(f"/proc/{await until_one_waits()}/status").read_text()
        (inside,) = (line.split()[-1] for line in status.splitlines() if line.startswith("NSpid"))
        verdict = await judged(engine, "console.log(process.pid)", f"{inside}\n")
        assert verdict.reason is Reason.PASSED, story(verdict)


@pytest.mark.parametrize("language", EACH_KIND_OF_GATE)
async def test_programs_that_waited_have_the_verdicts_of_those_that_did_not(
    language: str, engine: Engine
) -> None:
    await ready(engine, language)
    for test in selftests(find(language)):
        await engine.verify(hello(language))
        await until_one_waits()
        verdict = await engine.verify(test.sample)
        assert verdict.reason in test.reasons, f"{test.sample.id}: {story(verdict)}"
        assert verdict.attempts == 1, f"{test.sample.id}: {story(verdict)}"


async def test_a_compiler_that_is_not_ready_yet_is_not_waited_for(engine: Engine) -> None:
    """It compiles something of its own first; the program is compiled by one that does not."""
    await ready(engine, "java")
    for pause_s in (0.0, 0.02, 0.05, 0.1, 0.5):
        await asyncio.sleep(pause_s)
        verdict = await engine.verify(hello("java"))
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)


async def test_timers_of_a_program_that_waited_are_its_own(engine: Engine) -> None:
    await ready(engine, "javascript")
    await judged(engine)
    await until_one_waits()
    await asyncio.sleep(1)
    code = """
        const began = Date.now();
        setTimeout(() => console.log(Date.now() - began >= 300), 300);
    """
    verdict = await judged(engine, code, "true\n")
    assert verdict.reason is Reason.PASSED, story(verdict)


async def test_what_uses_much_before_its_program_comes_is_no_programs_fault(engine: Engine) -> None:
    """Time that it waited is no time of the program's, and its limits hold."""
    await ready(engine, "javascript")
    await judged(engine)
    await until_one_waits()
    await asyncio.sleep(1.5)
    verdict = await judged(engine, limits=Limits(wall_s=1.0))
    assert verdict.reason is Reason.PASSED, story(verdict)
    assert verdict.usage.wall_s < 1, story(verdict)
    await until_one_waits()
    verdict = await judged(engine, "for (;;);", limits=Limits(cpu_s=0.5))
    assert verdict.reason is Reason.CPU_TIMEOUT, story(verdict)


LEAVES_BEHIND = """
const { spawn } = require("child_process");
const evil = `
  const fs = require("fs");
  process.on("SIGTERM", () => {});
  for (;;) for (const place of ["/work/", "/tmp/"]) {
    try { fs.writeFileSync(place + "main.js", 'console.log("poisoned")') } catch {}
    try { fs.writeFileSync(place + ".veristone-program", 'console.log("poisoned")') } catch {}
    try { fs.writeFileSync(place + "package.json", '{"type": "module"}') } catch {}
  }`;
for (let i = 0; i < 4; i++)
  spawn(process.execPath, ["-e", evil], { detached: true, stdio: "ignore" }).unref();
const until = Date.now() + 300;
while (Date.now() < until);
console.log("left");
process.exit(0);
"""


async def test_no_program_reaches_what_is_started_after_it(engine: Engine) -> None:
    await ready(engine, "javascript")
    for _ in range(3):
        verdict = await judged(engine, LEAVES_BEHIND, "left\n")
        assert verdict.reason is Reason.PASSED, story(verdict)
        await until_one_waits()
        code = 'console.log(typeof require, require("fs").readdirSync(".").join())'
        verdict = await judged(engine, code, "function main.js\n")
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)


async def test_a_program_of_another_kind_is_started_plainly(engine: Engine) -> None:
    await ready(engine, "javascript")
    module = {"package.json": b'{"type": "module"}'}
    others: list[tuple[str, str, list[str], dict[str, Any]]] = [
        ("console.log(typeof require)", "undefined\n", [], {"files": module}),
        ("console.log(process.env.OWN)", "own\n", [], {"env": {"OWN": "own"}}),
        ("console.log(process.argv[2])", "own\n", ["own"], {}),
        ("import fs from 'fs'; console.log(typeof fs)", "object\n", [], {}),
        ("console.log(process.argv.length)", "2\n", [], {"limits": Limits(file_mib=1)}),
    ]
    for code, stdout, args, settings in others:
        await judged(engine)
        pid = await until_one_waits()
        verdict = await judged(engine, code, stdout, *args, **settings)
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)
        assert pid not in waiting()


async def test_one_that_ended_while_it_waited_is_not_the_programs(engine: Engine) -> None:
    await ready(engine, "javascript")
    for _ in range(2):
        await judged(engine)
        os.kill(await until_one_waits(), signal.SIGKILL)
        await asyncio.sleep(0.05)
        verdict = await judged(engine, stdout="hello\n")
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)


async def test_what_compiles_and_what_runs_each_find_their_sandbox_ready() -> None:
    async with open_engine("bubblewrap", sandboxes=2) as engine:
        await ready(engine, "typescript")
        for _ in range(2):
            await engine.verify(hello("typescript"))
        async with asyncio.timeout(20):
            while len(waiting()) < 2:
                await asyncio.sleep(0.02)
