"""Real sandboxes, engines and daemons that are killed while samples run."""

import asyncio
import contextlib
import gc
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
from backends import give_up, on, open_engine, story

from veristone import BackendUnavailable, Decision, ProgramCheck, Reason, Sample
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.docker import LABEL
from veristone.engine.languages import find

ROOT = Path(__file__).resolve().parents[3]
SLEEPER = "import time\ntime.sleep(1.2)\nprint('done')"


def containers(**labels: str) -> list[Any]:
    """Containers of ours with these labels, running or not."""
    wanted = [LABEL, *(f"{LABEL}.{name}={value}" for name, value in labels.items())]
    client = docker.from_env()
    try:
        return client.containers.list(all=True, filters={"label": wanted})
    finally:
        client.close()


def children(pid: int) -> set[int]:
    """All processes below `pid`, by the parent that each names."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(stat[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_sandboxes(backend: str) -> int:
    """Kill every sandbox of this process from outside; return how many there were."""
    if backend == "docker":
        running = [c for c in containers(pid=str(os.getpid())) if c.status == "running"]
        for container in running:
            container.kill()
        return len(running)
    found = [p for p in children(os.getpid()) if _name(p) == "bwrap"]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


async def until(condition: Callable[[], Any], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", on.values())
async def test_a_sandbox_that_is_killed_in_mid_sample_costs_a_retry_and_no_verdict(
    name: str,
) -> None:
    """Invariant 4."""
    check = ProgramCheck(stdout="done\n")
    async with open_engine(name, sandboxes=2) as engine:
        samples = [Sample(id=str(n), code=SLEEPER, check=check) for n in range(4)]
        work = asyncio.gather(*map(engine.verify, samples))
        await asyncio.sleep(0.4)
        assert await asyncio.to_thread(kill_sandboxes, name) >= 2
        verdicts = await asyncio.wait_for(work, 60)
    for verdict in verdicts:
        assert verdict.reason is Reason.PASSED, story(verdict)
    assert sum(verdict.attempts == 2 for verdict in verdicts) >= 2


@pytest.mark.bubblewrap
async def test_a_program_that_is_killed_from_outside_is_run_again() -> None:
    async with open_engine("bubblewrap") as engine:
        before = children(os.getpid())
        work = asyncio.ensure_future(
            engine.verify(Sample(code=SLEEPER, check=ProgramCheck(stdout="done\n")))
        )
        await until(lambda: children(os.getpid()) - before, 10, "the program never started")
        await asyncio.sleep(0.2)
        for pid in children(os.getpid()) - before:
            os.kill(pid, signal.SIGKILL)
        verdict = await asyncio.wait_for(work, 60)
    assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)
    assert verdict.usage.runs == 2


@pytest.mark.parametrize("name", on.values())
async def test_an_idle_sandbox_that_is_killed_is_not_missed(name: str) -> None:
    async with open_engine(name) as engine:
        await asyncio.to_thread(kill_sandboxes, name)
        await asyncio.sleep(0.3)
        verdict = await engine.verify(Sample(code="print(1)"))
    assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)


@pytest.mark.bubblewrap
async def test_a_sample_that_cannot_be_sent_ends_no_stream() -> None:
    good = Sample(id="good", code="print(1)")
    bad = [
        Sample(id="args", code="", check=ProgramCheck(args=["\ud800"])),
        Sample(id="env", code="", env={"A": "\ud800"}),
        Sample(id="files", code="", files={"\ud800": b""}),
    ]
    async with open_engine("bubblewrap") as engine:
        verdicts = [v async for v in engine.verify_stream([*bad, good])]
    assert [v.decision for v in verdicts] == [Decision.UNDECIDED] * 3 + [Decision.PASS]


@pytest.mark.bubblewrap
@pytest.mark.parametrize("code", [253, 254, 255])
async def test_no_exit_code_passes_for_a_fault_of_ours(code: int) -> None:
    """A sample that could leave `undecided` behind would never be wrong."""
    program = f"import os\nos._exit({code})"
    async with open_engine("bubblewrap") as engine:
        wanted = await engine.verify(Sample(code=program, check=ProgramCheck(exit_code=code)))
        wrong = await engine.verify(Sample(code=program))
    assert (wanted.reason, wanted.attempts) == (Reason.PASSED, 1), story(wanted)
    assert (wrong.reason, wrong.attempts) == (Reason.RUNTIME_ERROR, 1), story(wrong)


@pytest.mark.bubblewrap
async def test_the_event_loop_is_never_blocked() -> None:
    """A heartbeat beside two hundred real samples is never late; the best of three counts."""
    gaps: list[float] = []

    async def heart(beats: list[float]) -> None:
        while True:
            beats.append(time.monotonic())
            await asyncio.sleep(0.005)

    async with open_engine("bubblewrap", sandboxes=2) as engine:
        for _ in range(3):
            beats: list[float] = []
            task = asyncio.ensure_future(heart(beats))
            samples = [Sample(code=f"print({n} * 'x')") for n in range(200)]
            verdicts = [v async for v in engine.verify_stream(samples)]
            task.cancel()
            assert all(v.decision is Decision.PASS for v in verdicts)
            gaps.append(max(b - a for a, b in itertools.pairwise(beats)))
            if gaps[-1] < 0.1:
                break
    assert min(gaps) < 0.25


# Engines that are killed ----------------------------------------------------------------------

HOLD = """
import asyncio, sys
from veristone.engine import Engine, EngineConfig
from veristone import Sample

async def main():
    async with Engine(EngineConfig(backend=sys.argv[1], sandboxes=2)) as engine:
        work = asyncio.ensure_future(engine.verify(Sample(code="import time; time.sleep(300)")))
        await asyncio.sleep(0.3)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        work.cancel()

asyncio.run(main())
"""


@contextlib.contextmanager
def another_engine(backend: str) -> Generator[subprocess.Popen[str], None, None]:
    """An engine in a process of its own, with a sample under way."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, backend],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
    finally:
        process.kill()


@pytest.mark.docker
async def test_what_a_killed_engine_left_behind_is_removed_at_the_next_start() -> None:
    async with open_engine("docker"):
        pass  # the image is there
    with another_engine("docker") as living, another_engine("docker") as dying:
        assert len(containers(pid=str(dying.pid))) == 2
        dying.kill()
        await asyncio.to_thread(dying.wait, 10)
        async with open_engine("docker"):
            assert not containers(pid=str(dying.pid))
            running = containers(pid=str(living.pid))
            assert [container.status for container in running] == ["running"] * 2
    assert not containers(pid=str(living.pid))


@pytest.mark.bubblewrap
async def test_sandboxes_of_bubblewrap_die_with_their_engine() -> None:
    async with open_engine("bubblewrap"):
        pass
    with another_engine("bubblewrap") as process:
        below = children(process.pid)
        assert len(below) >= 4
        process.kill()
        await asyncio.to_thread(process.wait, 10)
        await until(lambda: not any(map(alive, below)), 10, "processes of a killed engine live on")


@pytest.fixture
def refused_connections() -> Iterator[None]:
    """The SDK leaves the socket of a refused connection to the garbage collector: call it now."""
    yield
    gc.collect()


# A daemon that goes away ----------------------------------------------------------------------


class Daemon:
    """A Docker daemon of our own, beside the one of the machine and unknown to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/d.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["dockerd", "--data-root", f"{self.folder}/data"]
        command += ["--exec-root", f"{self.folder}/exec", "--host", self.host]
        command += ["--pidfile", f"{self.folder}/pid", "--bridge", "none", "--iptables=false"]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(docker.errors.DockerException):
                self.client().close()
                return
            time.sleep(0.1)
        give_up("no second Docker daemon starts here: " + self.log())

    def client(self) -> Any:
        client = docker.DockerClient(base_url=self.host, timeout=60)
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
        return client

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def remove(self) -> None:
        """Stop for good and leave nothing: no process, no mount, no file."""
        self.stop()
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        mounts = [line.split()[4] for line in lines]
        for mount in reversed([m for m in mounts if m.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "-l", mount], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=True)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A private daemon with the image of the Python language."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        give_up("a second Docker daemon needs root and the program dockerd")
    image = find("python").image()
    # A short path: the name of a Unix socket has room for 107 bytes.
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/vst-d.XXXXXX"], text=True).strip())
    private = Daemon(folder)
    try:
        private.start()
        ours = docker.from_env()
        theirs = private.client()
        with contextlib.closing(ours), contextlib.closing(theirs):
            theirs.images.load(b"".join(ours.images.get(image).save(named=True)))
        monkeypatch.setenv("DOCKER_HOST", private.host)
        yield private
    finally:
        private.remove()


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.usefixtures("refused_connections")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_a_daemon_that_goes_away_and_comes_back(daemon: Daemon) -> None:
    """Samples are undecided while it is gone, nothing hangs, and then they are judged again."""
    engine_of_its_own = open_engine("docker", sandboxes=2)
    check = ProgramCheck(stdout="done\n")

    def samples(count: int) -> list[Sample]:
        return [Sample(id=str(n), code=SLEEPER, check=check) for n in range(count)]

    async with engine_of_its_own as engine:
        assert engine.backend == "docker"
        assert not containers_of_default(daemon)
        work = asyncio.gather(*map(engine.verify, samples(4)))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(daemon.stop)
        verdicts = await asyncio.wait_for(work, 60)
        assert {v.decision for v in verdicts} == {Decision.UNDECIDED}, list(map(story, verdicts))
        for verdict in verdicts:
            assert verdict.reason is Reason.SANDBOX_ERROR
            assert "docker" in verdict.message
            assert verdict.attempts == 3

        async def source() -> AsyncIterator[Sample]:
            for sample in samples(2):
                yield sample

        gone = [v async for v in engine.verify_stream(source())]
        assert {v.decision for v in gone} == {Decision.UNDECIDED}

        await asyncio.to_thread(daemon.start)
        await until_judged(engine)
        verdicts = await asyncio.wait_for(asyncio.gather(*map(engine.verify, samples(4))), 60)
        assert {v.reason for v in verdicts} == {Reason.PASSED}, list(map(story, verdicts))
    client = daemon.client()
    with contextlib.closing(client):
        assert not client.containers.list(all=True)


def containers_of_default(daemon: Daemon) -> list[Any]:
    """Containers of this process at the machine's own daemon: there must be none."""
    client = docker.DockerClient()
    with contextlib.closing(client):
        return client.containers.list(filters={"label": f"{LABEL}.pid={os.getpid()}"})


async def until_judged(engine: Engine) -> None:
    async with asyncio.timeout(30):
        while True:
            verdict = await engine.verify(Sample(code="print(1)"))
            if verdict.decision is Decision.PASS:
                return
            await asyncio.sleep(0.2)


@pytest.mark.docker
@pytest.mark.usefixtures("refused_connections")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_no_daemon_at_all_is_said_clearly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(BackendUnavailable, match=r"no daemon answers.*or use --backend"):
        async with Engine(EngineConfig(backend="docker")):
            pass
