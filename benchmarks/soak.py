"""`make soak`: thousands of mixed samples, hostile ones among them, while everything is killed.

`veristone verify --resume` judges a file of samples. Meanwhile engine and sandboxes are killed or
stopped at random, and the disk that takes the verdicts is filled once: a small file system where
one may be mounted, else a limit on the size of files. Then it is held against what was promised:

- every sample has exactly one verdict, in order;
- every innocent sample is judged as it is when it is judged alone, every hostile one for a reason
  that is right, and none is undecided;
- nothing hangs: within `PATIENCE_S` another verdict comes;
- memory is flat: no engine grows beyond what the first one took for its first hundreds;
- no sandbox outlives its engine, and a full disk ends in a message.

Exit status 1 where anything of this does not hold. Not shown: that verdicts are right (tests do).
`make soak ARGS=service` does the like to a service: `benchmarks.service_load`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from veristone import (
    AssertsCheck,
    Call,
    Check,
    FunctionCheck,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
)
from veristone.engine import Engine, EngineConfig

PROGRAMS = Path(__file__).resolve().parents[1] / "tests" / "hostile" / "programs"
PATIENCE_S = 180.0
GROWTH_MIB = 128
_SETTLED = 300
"""Verdicts after which an engine has taken what memory it needs."""
_LOOK_S = 0.05
_VERDICT_BYTES = 700
"""Of a verdict in the file, roughly: how much disk a part of the run fills."""
_MIB = 1024 * 1024

# Programs of tests/hostile that end within seconds on any machine, and what may come of each. What
# else they are held to is those tests' part.
R = Reason
_SHORT = Limits(cpu_s=2.0, wall_s=10.0)
_SMALL = Limits(cpu_s=20.0, wall_s=60.0, memory_mib=256)
_FAILURES = frozenset(reason for reason in Reason if reason.decision == "fail")
HOSTILE: dict[str, tuple[frozenset[Reason], Limits]] = {
    "fork_bomb": (frozenset({R.PROCESS_LIMIT, R.CPU_TIMEOUT}), _SHORT),
    "memory_list": (frozenset({R.MEMORY_LIMIT}), _SMALL),
    "memory_children": (frozenset({R.MEMORY_LIMIT}), _SMALL),
    "disk_fill": (frozenset({R.DISK_LIMIT}), _SMALL),
    "inode_fill": (frozenset({R.DISK_LIMIT}), _SMALL),
    "output_flood": (frozenset({R.OUTPUT_LIMIT}), _SMALL),
    "busy_loop": (frozenset({R.CPU_TIMEOUT}), Limits(cpu_s=0.5, wall_s=20.0)),
    "kills_all": (frozenset({R.PASSED}), _SMALL),
    "signals_pid_1": (frozenset({R.PASSED}), _SMALL),
    "daemon_holds_pipe": (frozenset({R.PASSED}), _SMALL),
    "daemon_writes_later": (frozenset({R.PASSED}), _SMALL),
    "leaves_things": (frozenset({R.PASSED}), _SMALL),
    "chmod_zero": (frozenset({R.PASSED}), _SMALL),
    "odd_names": (frozenset({R.PASSED}), _SMALL),
    "crashes": (frozenset({R.SIGNALLED}), _SMALL),
    "exits_254": (frozenset({R.RUNTIME_ERROR}), _SMALL),
    "mounts": (frozenset({R.POLICY_VIOLATION}), _SMALL),
    "cheat_claims_a_fault": (_FAILURES, _SMALL),
    "cheat_claims_a_fault_in_call": (_FAILURES, _SMALL),
    "cheat_floods_record": (_FAILURES, _SMALL),
    "cheat_os_exit": (_FAILURES, _SMALL),
    "cheat_kill_itself": (_FAILURES, _SMALL),
    "cheat_writes_everywhere": (_FAILURES, _SMALL),
}

_ADD = "def add(a, b):\n    return a + b\n"
_WRONG = _ADD.replace("+", "-")
_CALL = Call(args=[1, 2], expected=3)
_CASE = StdioCase(input="1 2", output="3")
_TESTS = "assert add(1, 2) == 3\nassert add(2, 2) == 4\n"
_REFERRED = FunctionCheck(entry_point="add", calls=[Call(args=[1, 2])], reference=_ADD)
_INNOCENT: dict[str, tuple[str, Check]] = {
    "prints": ("print(6 * 7)", ProgramCheck(stdout="42\n")),
    "prints wrong": ("print(6 * 9)", ProgramCheck(stdout="42\n")),
    "raises": ("raise ValueError('no')", ProgramCheck()),
    "does not parse": ("def", ProgramCheck()),
    "computes": ("print(sum(range(300_000)))", ProgramCheck(stdout="44999850000\n")),
    "leaves a file": ("open('left', 'w').write('x' * 100_000)", ProgramCheck()),
    "reads": ("print(sum(map(int, input().split())))", StdioCheck(cases=[_CASE, _CASE])),
    "adds": (_ADD, FunctionCheck(entry_point="add", calls=[_CALL] * 3)),
    "adds wrong": (_WRONG, FunctionCheck(entry_point="add", calls=[_CALL])),
    "adds as the reference": (_ADD, _REFERRED),
    "is tested": (_ADD, AssertsCheck(tests=_TESTS)),
    "is tested wrong": (_WRONG, AssertsCheck(tests=_TESTS)),
}


def innocent(name: str, number: int) -> Sample:
    """Return a sample whose verdict is known."""
    code, check = _INNOCENT[name]
    return Sample(id=f"{number}:{name}", code=f"{code}\n# {number}\n", check=check)


def hostile(name: str, number: int) -> Sample:
    """Return one of the attacks of tests/hostile."""
    code = (PROGRAMS / f"{name}.py").read_text()
    check: Check = ProgramCheck()
    if name.startswith("cheat_"):
        calls = [Call(args=[1, 2], expected=3)] * 2
        check = FunctionCheck(entry_point="add", calls=calls)
    return Sample(id=f"{number}:{name}", code=code, check=check, limits=HOSTILE[name][1])


def mixed(count: int, share: float, chance: random.Random) -> Iterator[Sample]:
    """Yield `count` samples, of which a `share` is hostile."""
    attacks, others = sorted(HOSTILE), sorted(_INNOCENT)
    for number in range(count):
        if chance.random() < share:
            yield hostile(chance.choice(attacks), number)
        else:
            yield innocent(chance.choice(others), number)


async def judged_alone(backend: str) -> dict[str, Reason]:
    """Return the reason of every kind of innocent sample, judged with nothing beside it."""
    found: dict[str, Reason] = {}
    async with Engine(EngineConfig.model_validate({"backend": backend, "sandboxes": 1})) as engine:
        for number, name in enumerate(_INNOCENT):
            found[name] = (await engine.verify(innocent(name, number))).reason
    return found


def sandboxes_of(pid: int) -> set[int]:
    """Return the processes that are an engine's sandboxes: bwrap and, one level below, the warden.

    Not the samples below these: a sample that somebody kills has been killed.
    """
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(entry.name)] = int(fields[1])
    level, found = {pid}, set[int]()
    for _ in range(2):
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


def resident_mib(pid: int) -> float:
    """Return the memory of a process, MiB; 0 where it is gone."""
    try:
        return (
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / _MIB
        )
    except (OSError, IndexError):
        return 0.0


@dataclass
class Disk:
    """Where verdicts are written, and how it is filled once."""

    folder: Path
    mounted: bool
    room: int
    full: bool = field(default=True)
    """False once room was made."""

    def limit(self, engine: int) -> None:
        """Without a file system of our own, let a limit on an engine's files stand for its end."""
        if self.full and not self.mounted:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(engine, resource.RLIMIT_FSIZE, (self.room, self.room))

    def make_room(self) -> None:
        """End the shortage."""
        self.full = False
        if self.mounted:
            command = ["mount", "-o", "remount,size=100%", str(self.folder)]
            subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def small_disk(folder: Path, room: int) -> Generator[Disk]:
    """Mount a file system of `room` bytes, or do as if."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and not subprocess.run(command, capture_output=True).returncode
    try:
        yield Disk(place, mounted, room)
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=False)


class Soak:
    """One run: starts engines until the file is done, and does its worst to them."""

    def __init__(self, samples: Path, disk: Disk, options: argparse.Namespace) -> None:
        self._samples = samples
        self.output = disk.folder / "verdicts.jsonl"
        self._disk = disk
        self._options = options
        self._chance = random.Random(options.seed + 1)
        self.breaches: list[str] = []
        self.done: Counter[str] = Counter()
        self.peak_mib = 0.0
        self._settled_mib: float | None = None
        self._records = 0
        self._read = 0

    def run(self) -> None:
        """Judge the whole file."""
        # Kills are spread over the run by the verdicts that are there when each is due.
        last = int(0.85 * self._options.samples)
        due = sorted(self._chance.randrange(last) for _ in range(self._options.kills))
        while not self.breaches:
            if self._one_engine(due):
                return

    def _one_engine(self, due: list[int]) -> bool:
        """Run one engine to its end, whatever that is; True where the file is done."""
        command = [sys.executable, "-m", "veristone", "verify", str(self._samples), "--resume"]
        command += ["-o", str(self.output), "--backend", self._options.backend, "--quiet"]
        with tempfile.TemporaryFile() as log:
            engine = subprocess.Popen(command, stderr=log)
            killed = self._torment(engine, due)
            log.seek(0)
            return self._ended(engine.returncode, killed, log.read().decode(errors="replace"))

    def _torment(self, engine: "subprocess.Popen[bytes]", due: list[int]) -> bool:
        """Strike whenever it is due, until the engine has ended; True where that was our doing."""
        sandboxes: set[int] = set()
        killed = False
        first, moved = self._count(), time.monotonic()
        while engine.poll() is None:
            time.sleep(_LOOK_S)
            before, now = self._records, self._count()
            if now > before:
                moved = time.monotonic()
                self._disk.limit(engine.pid)  # not before it has made its own files
            self._watch_memory(engine.pid, now - first)
            if time.monotonic() - moved > PATIENCE_S:
                self.breaches.append(f"nothing came for {PATIENCE_S:.0f} s after {now} verdicts")
                engine.kill()
            while due and due[0] <= now and not killed:
                due.pop(0)
                sandboxes = sandboxes_of(engine.pid)
                killed = self._strike(engine, sandboxes)
        self._expect_gone(sandboxes)
        return killed

    def _strike(self, engine: "subprocess.Popen[bytes]", sandboxes: set[int]) -> bool:
        """Kill the engine, or kill or stop one of its sandboxes; True where it was the engine."""
        kind = self._chance.choice(("engine", "sandbox", "stopped sandbox"))
        if kind == "engine" or not sandboxes:
            self.done["engines killed"] += 1
            engine.kill()
            return True
        self.done[f"{kind}es killed" if kind == "sandbox" else "sandboxes stopped"] += 1
        victim = self._chance.choice(sorted(sandboxes))
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL if kind == "sandbox" else signal.SIGSTOP)
            if kind != "sandbox":
                time.sleep(0.3)
                os.kill(victim, signal.SIGCONT)
        return False

    def _ended(self, status: int, killed: bool, said: str) -> bool:
        if "Traceback" in said:
            self.breaches.append(f"an engine ended in a traceback: {said[-1500:]}")
        if status in (0, 1):
            return True
        if killed:
            return False
        if status == 2 and self._disk.full and "cannot be written" in said:
            self.done["full disks"] += 1
            self._disk.make_room()
            return False
        self.breaches.append(f"an engine ended with status {status}: {said[-500:]}")
        return True

    def _expect_gone(self, sandboxes: set[int]) -> None:
        end = time.monotonic() + 30
        while alive := {pid for pid in sandboxes if resident_mib(pid)}:
            if time.monotonic() > end:
                self.breaches.append(f"outlived their engine: {sorted(alive)}")
                return
            time.sleep(0.1)

    def _count(self) -> int:
        """Return the number of lines of the output, of which only what is new is read."""
        with contextlib.suppress(FileNotFoundError), self.output.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._read:  # half a line was cut off
                self._records, self._read = 0, 0
            file.seek(self._read)
            data = file.read()
            self._read += len(data)
            self._records += data.count(b"\n")
        return self._records

    def _watch_memory(self, pid: int, judged: int) -> None:
        now = resident_mib(pid)
        self.peak_mib = max(self.peak_mib, now)
        if judged < _SETTLED:
            return
        if self._settled_mib is None:
            self._settled_mib = self.peak_mib
        elif now > self._settled_mib + GROWTH_MIB:
            self.breaches.append(
                f"an engine took {now:.0f} MiB, {self._settled_mib:.0f} after {_SETTLED} verdicts"
            )


def compare(samples: Path, output: Path, alone: dict[str, Reason]) -> list[str]:
    """Return what is wrong with the verdicts: with their number, order, and reasons."""
    breaches: list[str] = []
    ids = [json.loads(line)["id"] for line in samples.read_bytes().splitlines()]
    verdicts: list[dict[str, Any]] = [json.loads(line) for line in output.read_bytes().splitlines()]
    if [verdict.get("id") for verdict in verdicts] != ids:
        breaches.append(f"{len(ids)} samples, {len(verdicts)} verdicts, not one each in order")
    for verdict in verdicts:
        name = str(verdict.get("id")).partition(":")[2]
        wanted = HOSTILE[name][0] if name in HOSTILE else {alone[name]}
        if verdict.get("reason") not in wanted:
            expected = "/".join(sorted(wanted))
            said = f"{verdict.get('reason')}: {verdict.get('message', '')[:200]}"
            breaches.append(f"{verdict.get('id')}: {said}; expected {expected}")
    return breaches


def main(arguments: list[str]) -> int:
    """Run it; return 1 where a promise was broken."""
    if arguments[:1] == ["service"]:
        from benchmarks import service_load  # which needs the helpers of this module

        return service_load.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="make soak", description="Thousands of samples, with kills."
    )
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--hostile", type=float, default=0.02, help="share of hostile samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="bubblewrap", choices=["bubblewrap", "docker"])
    options = parser.parse_args(arguments)
    started = time.monotonic()
    alone = asyncio.run(judged_alone(options.backend))
    with (
        tempfile.TemporaryDirectory(prefix="veristone-soak-") as name,
        small_disk(Path(name), options.samples // 3 * _VERDICT_BYTES) as disk,
    ):
        samples = Path(name, "samples.jsonl")
        with samples.open("wb") as file:
            for sample in mixed(options.samples, options.hostile, random.Random(options.seed)):
                file.write(msgspec.json.encode(sample) + b"\n")
        soak = Soak(samples, disk, options)
        soak.run()
        breaches = soak.breaches + compare(samples, soak.output, alone)
    if not soak.done["full disks"]:
        breaches.append("the disk was never full")
    seconds = time.monotonic() - started
    print(f"{options.samples} samples, seed {options.seed}, {seconds:.0f} s")
    print(f"  the disk was {'a file system of its own' if disk.mounted else 'a limit on files'}")
    for what, number in sorted(soak.done.items()):
        print(
            f"  {number:5} {what}" + (" (a file system)" if disk.mounted and "disk" in what else "")
        )
    print(f"  {soak.peak_mib:5.0f} MiB at most in an engine")
    for breach in breaches[:50]:
        print(f"BREACH {breach}")
    print(f"{len(breaches)} breaches" if breaches else "every promise held")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
