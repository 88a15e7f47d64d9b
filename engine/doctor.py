"""What works on this host: each back end and each wall, tried with real samples."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import docker.errors

from veristone import Limits, Reason, Sample, VeristoneError
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.backends.docker import connect
from veristone.engine.config import EngineConfig
from veristone.engine.engine import Engine
from veristone.engine.languages import installed
from veristone.engine.layers import ADVICE
from veristone.engine.selfcheck import attacks, facts

__all__ = ["Finding", "examine"]

_WEAKER = (
    *("memory-cgroup", "processes-cgroup", "cpu-cgroup"),
    *("own-user", "own-devices", "hidden-warden", "counted-sockets"),
)
_SHORT = Limits(cpu_s=2.0, wall_s=5.0)
_TRIALS: tuple[tuple[str, str, Limits, tuple[Reason, ...]], ...] = (
    ("runs a program", "print(1)", _SHORT, (Reason.PASSED,)),
    ("stops endless loops", "while True: pass", Limits(cpu_s=0.5), (Reason.CPU_TIMEOUT,)),
    (
        "stops sleepers",
        "import time; time.sleep(60)",
        Limits(wall_s=0.5),
        (Reason.WALL_TIMEOUT,),
    ),
    (
        "bounds memory",
        "x = bytearray(600 * 2**20); import time; time.sleep(1)",
        Limits(memory_mib=256),
        (Reason.MEMORY_LIMIT, Reason.RUNTIME_ERROR),
    ),
    (
        "bounds processes",
        "import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)",
        Limits(cpu_s=2.0, wall_s=5.0, processes=16),
        (Reason.PROCESS_LIMIT,),
    ),
    (
        "bounds disk",
        "f = open('big', 'wb')\nwhile True: f.write(bytes(2**20))",
        _SHORT,
        (Reason.DISK_LIMIT, Reason.RUNTIME_ERROR),
    ),
    ("bounds output", "while True: print('x' * 1000)", _SHORT, (Reason.OUTPUT_LIMIT,)),
    (
        "refuses dangerous calls",
        "import ctypes\nctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        _SHORT,
        (Reason.POLICY_VIOLATION,),
    ),
    (
        "is spotless afterwards",
        "import os\nassert os.listdir('/tmp') == []",
        _SHORT,
        (Reason.PASSED,),
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried."""

    backend: str
    subject: str
    good: bool | None
    """None: works, with a weaker wall; `detail` says how."""
    detail: str = ""


async def examine(config: EngineConfig, *, attack: bool = False) -> AsyncIterator[Finding]:
    """Try both back ends (or the one that the configuration names), one finding at a time.

    With `attack` also by programs that attack each wall; see `veristone.engine.selfcheck`.
    """
    if attack:
        for fact in facts():
            yield Finding("host", fact.subject, fact.held, fact.detail)
    wanted = ("docker", "bubblewrap") if config.backend == "auto" else (config.backend,)
    for name in wanted:
        if name == "docker":
            async for finding in _docker_itself():
                yield finding
        one = config.model_copy(update={"backend": name, "sandboxes": 1})
        try:
            async with Engine(one) as engine:
                async for finding in _walls(engine):
                    yield finding
                async for finding in _languages(engine):
                    yield finding
                if attack:
                    async for held in attacks(engine):
                        yield Finding(engine.backend, held.subject, held.held, held.detail)
        except VeristoneError as error:
            # The first of several lines says that nothing works; the next one says why.
            first, *more = str(error).splitlines()
            yield Finding(name, "starts a sandbox", False, more[0].strip() if more else first)


async def _docker_itself() -> AsyncIterator[Finding]:
    try:
        client = await asyncio.to_thread(connect)
        version = await asyncio.to_thread(client.version)
        info = await asyncio.to_thread(client.info)
    except (VeristoneError, docker.errors.DockerException):
        return  # starting a sandbox will say what is wrong
    runtimes = ", ".join(sorted(info.get("Runtimes", {})))
    yield Finding(
        "docker",
        "daemon answers",
        True,
        f"version {version.get('Version')}, cgroup v{info.get('CgroupVersion', '?')},"
        f" runtimes: {runtimes}",
    )


async def _languages(engine: Engine) -> AsyncIterator[Finding]:
    """Ask every toolchain for its version; one that is missing is no fault of the back end."""
    for language in installed().values():
        try:
            version = await engine.version(language.name)
        except ToolchainMissing as error:
            yield Finding(engine.backend, f"without {language.name}", None, str(error))
        else:
            yield Finding(engine.backend, f"runs {language.name}", True, version)


async def _walls(engine: Engine) -> AsyncIterator[Finding]:
    isolation = await engine.isolation()
    if isolation is not None:
        standing = ", ".join(isolation.enforced)
        yield Finding(engine.backend, "walls that stand", True, standing)
        for name in isolation.missing:
            serious = name not in _WEAKER
            yield Finding(
                engine.backend, f"without {name}", False if serious else None, ADVICE.get(name, "")
            )
    for subject, code, limits, wanted in _TRIALS:
        verdict = await engine.verify(Sample(code=code, limits=limits))
        detail = "" if verdict.reason in wanted else f"{verdict.reason}: {verdict.message}"
        yield Finding(engine.backend, subject, verdict.reason in wanted, detail)
