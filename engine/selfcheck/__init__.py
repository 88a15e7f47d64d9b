"""Attacks that anybody can run against a back end here: `veristone doctor --selfcheck`.

Each is a sample like any other, in a sandbox like any other. It says that it ran before it is
believed to have been held; a program that never came to its attack proves nothing. The wider suite
is the project's own tests (tests/hostile). Beside the attacks stand facts about the host that
weaken what a sandbox can promise or measure, as isolate's isolate-check-environment lists them.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

from veristone import AssertsCheck, Limits, ProgramCheck, Reason, Sample, Verdict
from veristone.engine.engine import Engine

__all__ = ["Outcome", "attacks", "facts"]

_CPUS = Path("/sys/devices/system/cpu")
_PROGRAMS = Path(__file__).parent / "programs"
_ROOMY = Limits(cpu_s=20.0, wall_s=40.0)
_SMALL = Limits(cpu_s=20.0, wall_s=40.0, memory_mib=256)
_HELD = ProgramCheck(stdout="ran held\n")


class Outcome(NamedTuple):
    """What came of one attack, or a fact. `held` is None for what is only to be known."""

    subject: str
    held: bool | None
    detail: str = ""


class _Attack(NamedTuple):
    subject: str
    program: str
    limits: Limits = _ROOMY
    reasons: tuple[Reason, ...] = (Reason.PASSED,)
    """PASSED: the program itself saw that it was held."""
    layer: str = ""
    """The wall that holds it, where a back end may be without: then what came of it is no news."""


_ATTACKS = (
    _Attack("cannot reach a network", "network"),
    _Attack("sees no file of the host's and writes only to its own places", "host_files"),
    _Attack("cannot open a setting of the kernel's for writing", "kernel_settings"),
    _Attack("sees no other process, and signals do not reach the warden", "processes"),
    _Attack("cannot read, write or trace the warden", "warden"),
    _Attack(
        "does not see the warden's environment and files", "warden_files", layer="hidden-warden"
    ),
    _Attack("is refused calls that outlive it, and new namespaces", "system_calls"),
    _Attack("has no capability, group or way to root", "rights"),
    _Attack("is ended where it mounts", "mount", reasons=(Reason.POLICY_VIOLATION,)),
    _Attack("leaves files, a process, a port, memory ...", "leaves"),
    _Attack("... and the next sample finds none of it", "finds"),
    _Attack(
        "is charged for children that nobody waits for",
        "unwaited_children",
        Limits(cpu_s=1.0, wall_s=60.0),
        (Reason.CPU_TIMEOUT,),
    ),
    _Attack(
        "is charged for memory in sockets",
        "socket_memory",
        _SMALL,
        (Reason.MEMORY_LIMIT, Reason.RUNTIME_ERROR, Reason.SIGNALLED),
        "memory-cgroup",
    ),
)


async def attacks(engine: Engine) -> AsyncIterator[Outcome]:
    """Run every attack, one after another."""
    for attack in _ATTACKS:
        verdict = await engine.verify(_sample(attack))
        ran = verdict.stdout.text.startswith("ran")
        held = ran and verdict.reason in attack.reasons
        yield Outcome(
            attack.subject,
            None if ran and not held and _is_without(verdict, attack.layer) else held,
            "" if held else _told(verdict, ran=ran),
        )
    early = Sample(
        code="import os\nprint('ran', flush=True)\nos._exit(0)",
        check=AssertsCheck(tests="assert f"),
    )
    verdict = await engine.verify(early)
    held = verdict.reason is Reason.EARLY_EXIT
    yield Outcome("does not pass by leaving early", held, "" if held else _told(verdict, ran=True))


def _sample(attack: _Attack) -> Sample:
    # The files define and do nothing: whoever imports one on a host must not attack that host.
    code = (_PROGRAMS / f"{attack.program}.py").read_text() + "\n\nattack()\n"
    check = _HELD if attack.reasons == (Reason.PASSED,) else ProgramCheck()
    return Sample(code=code, check=check, limits=attack.limits)


def _is_without(verdict: Verdict, layer: str) -> bool:
    return verdict.isolation is not None and layer in verdict.isolation.missing


def _told(verdict: Verdict, *, ran: bool) -> str:
    said = " ".join(verdict.stdout.text.split())[:200]
    return f"{verdict.reason}: {said or verdict.message}" + ("" if ran else " (it did not run)")


def facts() -> Iterator[Outcome]:
    """Tell what of this host weakens a promise or blurs a measurement."""
    swap = len(_read("/proc/swaps").splitlines()) > 1
    yield _fact(
        "no swap", not swap, "memory of a sample may lie on a disk, and is measured less well"
    )
    threads = _read("/sys/devices/system/cpu/smt/active") == "1"
    yield _fact(
        "no simultaneous threads (SMT)", not threads, "two samples may share a core's caches"
    )
    pattern = _read("/proc/sys/kernel/core_pattern")
    yield _fact(
        "no program takes core dumps", not pattern.startswith("|"), f"core_pattern: {pattern}"
    )
    for what in ("enabled", "defrag"):
        huge = re.search(r"\[(\w+)\]", _read(f"/sys/kernel/mm/transparent_hugepage/{what}"))
        always = huge is not None and huge.group(1) == "always"
        yield _fact(
            f"no huge pages unasked (THP, {what})",
            not always,
            "the same program may need more memory",
        )
    spread = _read("/proc/sys/kernel/randomize_va_space")
    yield _fact("addresses are random", spread == "2", f"randomize_va_space: {spread or 'unknown'}")
    links = _read("/proc/sys/fs/protected_hardlinks")
    yield _fact("hard links are protected", links != "0", "protected_hardlinks: 0")
    yield from _speeds()


def _speeds() -> Iterator[Outcome]:
    """Tell why the same program may take another time on this host."""
    governors = {_read(str(path)) for path in _CPUS.glob("cpufreq/policy*/scaling_governor")}
    slow = sorted(governors - {"performance"})
    yield _fact("CPU frequency is not scaled", not slow, f"scaling_governor: {', '.join(slow)}")
    boost = _read(str(_CPUS / "cpufreq/boost")) == "1"
    turbo = _read(str(_CPUS / "intel_pstate/no_turbo")) == "0"
    yield _fact("no frequency boost", not boost and not turbo, "CPU time differs from run to run")
    mixed = Path("/sys/devices/cpu_atom").is_dir() and Path("/sys/devices/cpu_core").is_dir()
    yield _fact("all cores are of one kind", not mixed, "CPU time depends on the core")


def _fact(subject: str, good: bool, otherwise: str) -> Outcome:
    return Outcome(subject, True if good else None, "" if good else otherwise)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
