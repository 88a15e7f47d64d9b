"""`veristone verify` as people run it: a process, pipes and signals.

What becomes of the lines of a file, and of an output that is there, is in
`tests/engine/test_batch.py`.
"""

import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import docker
import msgspec
import pytest
from command_line import veristone

from veristone import ProgramCheck, Reason, Sample, Verdict

COMMAND = str(Path(sys.executable).parent / "veristone")
ENGINE = ["--backend", "bubblewrap"]
pytestmark = pytest.mark.bubblewrap


def line(number: int, **fields: Any) -> str:
    record = {"id": f"s{number}", "code": f"print({number})"} | fields
    return json.dumps(record)


def write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def start(
    *arguments: object, stdin: int | None = None, backend: str = "bubblewrap"
) -> subprocess.Popen[bytes]:
    command = [COMMAND, "verify", *map(str, arguments), "--backend", backend]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, stdin=stdin)


def verify(
    *arguments: object, stdin: str | bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    data = stdin.encode() if isinstance(stdin, str) else stdin
    return subprocess.run(
        [COMMAND, "verify", *map(str, arguments), *ENGINE],
        input=data if data is not None else b"",
        capture_output=True,
        timeout=60,
        check=False,
    )


def here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, with one sandbox."""
    return veristone("verify", *arguments, *ENGINE, "--sandboxes", 1)


def records(data: bytes | Path) -> list[dict[str, Any]]:
    text = data.read_bytes() if isinstance(data, Path) else data
    return [json.loads(each) for each in text.splitlines()]


def ids(data: bytes | Path) -> list[str]:
    return [record["id"] for record in records(data)]


def below(pid: int) -> set[int]:
    """All processes below `pid`."""
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


def gone(pids: set[int], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# What comes out -------------------------------------------------------------------------------


def test_one_verdict_a_line_in_the_order_of_the_input(tmp_path: Path) -> None:
    slow_first = [line(0, code="import time; time.sleep(0.5)"), *map(line, range(1, 30))]
    result = verify(write(tmp_path / "in", slow_first))
    assert result.returncode == 0, result.stderr
    assert ids(result.stdout) == [f"s{n}" for n in range(30)]
    verdicts = [json.loads(each) for each in result.stdout.splitlines()]
    assert {verdict["reason"] for verdict in verdicts} == {"passed"}
    assert b"30 verdicts" in result.stderr


def test_quiet_says_nothing() -> None:
    result = verify("-", "--quiet", stdin=line(1) + "\n")
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_verdict_appears_before_standard_input_is_closed() -> None:
    process = start("-", "--quiet", stdin=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line(1).encode() + b"\n")
        process.stdin.flush()
        answer = read_line(process.stdout, 10.0)
        process.stdin.write(line(2).encode() + b"\n")
        process.stdin.flush()
        second = read_line(process.stdout, 10.0)
        process.stdin.close()
        process.wait(20)
    assert answer is not None, "no verdict while the pipe is open"
    assert json.loads(answer)["id"] == "s1"
    assert second is not None
    assert json.loads(second)["id"] == "s2"
    assert process.returncode == 0


def read_line(stream: IO[bytes], seconds: float) -> bytes | None:
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(seconds)
    return found[0] if found else None


def test_an_expected_value_that_is_none_ends_no_run(tmp_path: Path) -> None:
    check = {"kind": "function", "entry_point": "f", "calls": [{"expected": {"$set": 3}}]}
    lines = [line(1, code="def f(): return {1}", check=check), line(2)]
    assert here(write(tmp_path / "in", lines), "-o", tmp_path / "out").returncode == 1
    assert [r["decision"] for r in records(tmp_path / "out")] == ["undecided", "pass"]


# Exit status ----------------------------------------------------------------------------------


def test_a_failure_is_a_verdict_and_with_strict_an_exit_status(tmp_path: Path) -> None:
    failing = write(tmp_path / "failing", [line(1, code="1/0")])
    passing = write(tmp_path / "passing", [line(1)])
    out = ["-o", tmp_path / "out", "--overwrite"]
    assert here(failing, *out).returncode == 0
    assert here(failing, *out, "--strict").returncode == 1
    assert here(passing, *out, "--strict").returncode == 0


def test_a_line_that_is_no_sample_is_an_exit_status(tmp_path: Path) -> None:
    source = write(tmp_path / "in", ["{", line(1)])
    assert here(source, "-o", tmp_path / "out").returncode == 1
    assert [bool(r.get("rejected")) for r in records(tmp_path / "out")] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["in", "-o", "no/such/folder/out"], "no/such/folder/out"),
        (["in", "--resume"], "--output"),
        (["in", "--config", "nowhere.toml"], "nowhere.toml"),
        (["in", "--sandboxes", "0"], "sandboxes"),
        (["in", "-o", "out", "--python", "/no/python"], "/no/python"),
    ],
)
def test_what_cannot_start_says_why(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in", [line(1)])
    result = veristone("verify", *arguments, *ENGINE)
    assert result.returncode == 2, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") <= 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sandboxes = 'many'", "sandboxes"),
        ("sandboxen = 2", "sandboxen"),
        ("sandboxes = ", "config.toml"),
        ("backend = 'chroot'", "backend"),
        ("max_memory_mib = 1", "max_memory_mib"),
    ],
)
def test_errors_in_a_configuration_file_name_the_setting(
    text: str, said: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text)
    result = veristone("verify", write(tmp_path / "in", [line(1)]), "--config", config)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_configuration_file_is_obeyed(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("sandboxes = 1\nmax_memory_mib = 128\n")
    lines = [line(n, limits={"memory_mib": mib}) for n, mib in enumerate((100, 129))]
    out = tmp_path / "out"
    veristone("verify", write(tmp_path / "in", lines), *ENGINE, "--config", config, "-o", out)
    assert [bool(r.get("rejected")) for r in records(out)] == [False, True]


@pytest.mark.parametrize("mode", ["--overwrite", "--resume"])
@pytest.mark.parametrize("how", ["file", "link", "stdin"])
def test_the_samples_are_not_written_over(how: str, mode: str, tmp_path: Path) -> None:
    source = write(tmp_path / "in", map(line, range(2)))
    before = source.read_bytes()
    out = source
    if how == "link":
        out = tmp_path / "link"
        out.symlink_to(source)
    words = ["-" if how == "stdin" else source, "-o", out, mode, *ENGINE]
    with source.open("rb") as opened:
        result = subprocess.run(
            [COMMAND, "verify", *map(str, words)],
            stdin=opened,
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 2
    assert b"holds the samples" in result.stderr
    assert source.read_bytes() == before


# Kills ------------------------------------------------------------------------------------------


def samples_for_killing(count: int) -> Iterator[str]:
    for number in range(count):
        if number % 17 == 5:
            yield '{"broken": '
        elif number % 13 == 3:
            yield ""
        yield line(number, code=f"import time; time.sleep(0.01); print({number})")


def _newlines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_every_sample_has_one_verdict_however_often_the_command_is_killed(tmp_path: Path) -> None:
    """Invariant 7."""
    count = 150
    source = write(tmp_path / "in", samples_for_killing(count))
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert verify(source, "-o", whole).returncode == 1
    kills = 0
    while kills < 6:
        # By what was written, not by the clock: the next kill comes a few records later, at a
        # moment that no clock of this test knows.
        enough = _newlines(out) + random.randint(1, 20)
        process = start(source, "-o", out, "--resume", "--quiet")
        with process:
            while process.poll() is None and _newlines(out) < enough:
                time.sleep(0.002)
            assert process.returncode is None, process.stderr
            process.kill()
            kills += 1
    with start(source, "-o", out, "--resume", "--quiet") as process:
        assert process.wait(60) == 1
    wanted = [(r.get("id"), r.get("line"), r.get("reason")) for r in records(whole)]
    assert [(r.get("id"), r.get("line"), r.get("reason")) for r in records(out)] == wanted


# Signals and pipes ------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing_behind_and_says_how_to_go_on(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    source = write(
        tmp_path / "in", (line(n, code="import time; time.sleep(0.3)") for n in range(200))
    )
    out = tmp_path / "out"
    process = start(source, "-o", out)
    with process:
        end = time.monotonic() + 20
        while time.monotonic() < end and not (out.exists() and out.stat().st_size):
            time.sleep(0.02)
        left = below(process.pid)
        assert left
        process.send_signal(number)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == status, stderr
    assert gone(left), "sandboxes live on"
    assert b"--resume" in stderr
    assert b"Traceback" not in stderr
    assert 0 < len(records(out)) < 200
    assert out.read_bytes().endswith(b"\n")


@pytest.mark.docker
def test_an_interrupt_leaves_no_container_behind(tmp_path: Path) -> None:
    source = write(tmp_path / "in", (line(n, code="import time; time.sleep(9)") for n in range(9)))
    process = start(source, "-o", tmp_path / "out", "--sandboxes", "2", backend="docker")
    client: Any = docker.from_env()
    with process, contextlib.closing(client):
        label = {"label": f"veristone.pid={process.pid}"}
        end = time.monotonic() + 30
        while time.monotonic() < end and len(client.containers.list(filters=label)) < 2:
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
        assert not client.containers.list(all=True, filters=label)
    assert process.returncode == 130, stderr


def test_an_interrupt_while_it_waits_for_input() -> None:
    process = start("-", stdin=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        process.stdin.write(line(1).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout is not None
        assert read_line(process.stdout, 20.0), "no verdict"
        left = below(process.pid)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail("Ctrl-C does nothing while standard input is quiet")
        assert process.returncode == 130
    assert gone(left)


def test_a_reader_that_goes_away_is_no_accident(tmp_path: Path) -> None:
    source = write(tmp_path / "in", map(line, range(300)))
    process = start(source, "--quiet")
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        left = below(process.pid)
        process.stdout.close()
        stderr = process.stderr.read()
        process.wait(20)
    assert json.loads(first)["id"] == "s0"
    assert stderr == b""
    assert process.returncode in (0, 1)
    assert gone(left)


def test_a_reader_that_went_away_is_told_where_one_may_talk(tmp_path: Path) -> None:
    process = start(write(tmp_path / "in", map(line, range(300))))
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read().decode()
        process.wait(20)
    assert re.fullmatch(
        r"veristone: whoever reads the output went away after \d+ verdicts\n", stderr
    )
    assert process.returncode == 1


# Trouble of the machine and of the input ----------------------------------------------------------


def shell(script: str, source: Path) -> subprocess.CompletedProcess[str]:
    """Run `$V ...` in a shell, which can close what it likes; `$IN` is the file of samples."""
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "V": f"{COMMAND} verify --backend bubblewrap", "IN": str(source)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("$V $IN >/dev/full", "<stdout>: cannot be written: No space left on device"),
        ("$V $IN -o /dev/full", "/dev/full: cannot be written: No space left on device"),
        ("ulimit -f 1; $V $IN -o $IN.out", "File too large"),
        ("$V $IN >&-", "standard output is closed"),
        ("$V - <&-", "standard input is closed"),
    ],
)
def test_a_full_disk_and_a_closed_stream_end_in_a_message(
    script: str, said: str, tmp_path: Path
) -> None:
    result = shell(script, write(tmp_path / "in", map(line, range(20))))
    assert result.returncode == 2, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_verdicts_do_not_depend_on_who_hears_what_is_said(stderr: str, tmp_path: Path) -> None:
    result = shell(f"$V $IN {stderr}", write(tmp_path / "in", map(line, range(3))))
    assert ids(result.stdout.encode()) == ["s0", "s1", "s2"]
    assert result.returncode == 0


def test_after_a_full_disk_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", map(line, range(20))), tmp_path / "out"
    process = start("-", "-o", out, stdin=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stderr is not None
        wait_for(lambda: waits_for_input(process.pid))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        process.stdin.write(source.read_bytes())
        process.stdin.close()
        assert b"cannot be written: File too large" in process.stderr.read()
    assert process.returncode == 2
    assert out.stat().st_size == 4096
    assert here(source, "-o", out, "--resume").returncode == 0
    assert ids(out) == [f"s{n}" for n in range(20)]


def test_two_runs_do_not_write_to_one_file(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", map(line, range(3))), tmp_path / "out"
    first = start("-", "-o", out, "--quiet", stdin=subprocess.PIPE)
    with first:
        assert first.stdin is not None
        first.stdin.write(line(7).encode() + b"\n")
        first.stdin.flush()
        wait_for(lambda: out.exists() and bool(out.read_bytes()))
        for mode in ("--resume", "--overwrite"):
            second = here(source, "-o", out, mode)
            assert second.returncode == 2
            assert "another run writes to it" in second.stderr
        first.stdin.close()
        assert first.wait(20) == 0
    assert ids(out) == ["s7"]
    assert here(source, "-o", out, "--overwrite").returncode == 0


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def waits_for_input(pid: int) -> bool:
    """True where the event loop of a process watches its standard input."""
    watched: set[str] = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):
            watched |= set(re.findall(r"^tfd:\s+(\d+)", info.read_text(), re.M))
    return "0" in watched


def test_a_byte_order_mark_that_comes_in_pieces() -> None:
    process = start("-", "--quiet", stdin=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        wait_for(lambda: waits_for_input(process.pid))
        process.stdin.write(b"\xef")
        process.stdin.flush()
        time.sleep(0.2)
        process.stdin.write(b"\xbb\xbf" + f"{line(0)}\n{line(1)}\n".encode())
        process.stdin.close()
        assert ids(process.stdout.read()) == ["s0", "s1"]


# Memory -----------------------------------------------------------------------------------------


def peak_mib(count: int, folder: Path) -> float:
    """Judge `count` samples that fail at once without a run; return the command's peak memory."""
    source = folder / f"in{count}"
    check = {"kind": "stdio", "cases": []}
    write(source, (line(n, check=check, metadata={"pad": "x" * 5000}) for n in range(count)))
    process = start(source, "-o", folder / f"out{count}", "--quiet")
    peak = 0
    # Not ru_maxrss: that one starts with what the process that forked it had.
    with process, contextlib.suppress(OSError, IndexError):
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(status.partition("VmHWM:")[2].split()[0]))
            time.sleep(0.01)
    assert process.returncode == 0
    assert len(records(folder / f"out{count}")) == count
    return peak / 1024


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = peak_mib(2_000, tmp_path), peak_mib(20_000, tmp_path)
    assert small > 20  # it was measured at all
    assert large - small < 40, (small, large)


def test_the_python_wire_types_read_what_the_command_writes(tmp_path: Path) -> None:
    sample = Sample(id="x", code="print(2)", check=ProgramCheck(stdout="2"))
    source = write(tmp_path / "in", [msgspec.json.encode(sample).decode()])
    here(source, "-o", tmp_path / "out")
    verdict = msgspec.json.decode((tmp_path / "out").read_bytes(), type=Verdict)
    assert (verdict.id, verdict.reason) == ("x", Reason.PASSED)
    assert verdict.isolation is not None
    assert verdict.isolation.backend == "bubblewrap"


def test_verdicts_that_are_kept(tmp_path: Path) -> None:
    samples = write(tmp_path / "in.jsonl", [line(1), line(2), line(1, id="again")])
    kept, out = ["--cache", tmp_path / "kept"], tmp_path / "out"
    here(samples, *kept, "-o", out)
    assert ids(out) == ["s1", "s2", "again"]
    assert sum(record.get("cached", False) for record in records(out)) == 1, (
        "one of the two that are equal"
    )
    here(samples, *kept, "-o", out, "--overwrite")
    assert [(record["id"], record["cached"]) for record in records(out)] == [
        ("s1", True),
        ("s2", True),
        ("again", True),
    ]
