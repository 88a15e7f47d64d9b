"""Model servers of a run: started, checked, kept, stopped, and what is said when they fail."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_teacher import serve_in_thread

from veristone import ConfigError
from veristone.loop.plan import Kind, Step
from veristone.loop.recipe import Server, load_align_recipe
from veristone.loop.run import StepFailed, run_steps
from veristone.loop.servers import ServerFailed, Servers, listed_models

FAKE = Path(__file__).parent / "fake_teacher.py"
ASKS = """
import json, pathlib, sys, urllib.request
step = json.loads(pathlib.Path(sys.argv[-1]).read_text())
url, _, name = step["address"].partition("#")
if url.startswith("http"):
    body = json.dumps({"model": name, "prompt": "x"}).encode()
    urllib.request.urlopen(f"{url}/completions", body).read()
pathlib.Path(sys.argv[-1]).with_name("asked").write_text(step["address"])
"""
"""In place of a step's work: ask once, and write down who was asked."""


def server(*more: str, **others: Any) -> Server:
    command = (sys.executable, str(FAKE), "--port", "PORT", "--model", "MODEL")
    return Server.model_validate({"command": command, "more": more, "ready_s": 20.0, **others})


def step(name: str, model: str = "", kind: Kind = "evaluation") -> Step:
    setting = "judge" if kind == "seeds" else "model"
    return Step(
        kind=kind,
        name=name,
        variant="main",
        settings={setting: model} if model else {},
        launcher=(sys.executable, "-c", ASKS),
        digest=name,
    )


async def go(folder: Path, settings: Server, *steps: Step, gpus: int = 0) -> list[str]:
    """Run the steps; return what each asked."""
    await run_steps(folder, steps, lambda _: None, Servers(folder, settings, gpus))
    return [(folder / each.name / "asked").read_text() for each in steps]


def log(folder: Path, name: str) -> list[str]:
    return (folder / f"servers/{name}.log").read_text().splitlines()


def processes(folder: Path) -> list[int]:
    """Servers that were started in a run's folder and are alive."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words, place = (path / "cmdline").read_bytes(), (path / "cwd").resolve()
        except OSError:
            continue
        if str(FAKE).encode() in words and place == folder.resolve():
            found.append(int(path.name))
    return found


async def test_a_server_is_started_for_a_step_and_stopped_after_the_run(tmp_path: Path) -> None:
    (asked,) = await go(tmp_path, server(), step("one", "server:org/a"))
    assert asked.startswith("http://127.0.0.1:")
    assert asked.endswith("/v1#org/a")
    assert processes(tmp_path) == []


async def test_workers_of_a_server_end_with_it(tmp_path: Path) -> None:
    await go(tmp_path, server("--worker"), step("one", "server:a"))
    assert processes(tmp_path) == []
    with pytest.raises(StepFailed, match="no such weights"):
        await go(tmp_path, server("--worker", "--say", "die"), step("two", "server:a"))
    assert processes(tmp_path) == []


async def test_a_server_stays_for_the_steps_that_ask_the_same_model(tmp_path: Path) -> None:
    steps = [step(name, "server:a") for name in ("one", "two")]
    steps.insert(1, step("between", kind="selection"))
    await go(tmp_path, server(), *steps)
    assert log(tmp_path, "a") == ["serving a with 1 x 1"]


async def test_another_model_and_training_have_the_gpus_to_themselves(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    steps = [
        step("seeds", "server:judge", "seeds"),
        step("data", "server:a", "synthesis"),
        step("train", kind="training"),
        step("score", "server:a"),
    ]
    servers = Servers(tmp_path, server())
    await run_steps(
        tmp_path, steps, lambda now: seen.append((now.step.name, len(processes(tmp_path)))), servers
    )
    assert log(tmp_path, "judge") == ["serving judge with 1 x 1"]
    assert log(tmp_path, "a") == ["serving a with 1 x 1"] * 2
    assert max(count for _, count in seen) == 1
    assert {count for name, count in seen if name == "train"} == {0}


async def test_the_gpus_are_shared_out(tmp_path: Path) -> None:
    command = ("--tensor", "TENSOR", "--data", "DATA")
    await go(tmp_path, server(*command, tensor_parallel=2), step("one", "server:a"), gpus=8)
    assert log(tmp_path, "a") == ["serving a with 2 x 4"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (server("--say", "die"), r"server of a ended with status 1(.|\n)*no such weights"),
        (server("--say", "never", ready_s=1.0), r"did not answer within 1 s \(\[server\] ready_s"),
        (server("--say", "other"), "does not have 'a' but: other"),
        (
            Server(command=("no-such-server",)),
            r"no-such-server: No such file(.|\n)*\[server\] comm",
        ),
    ],
)
async def test_a_server_that_cannot_be_asked_is_told(
    settings: Server, said: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed, match=f"one: (.|\n)*{said}"):
        await go(tmp_path, settings, step("one", "server:a"))
    assert processes(tmp_path) == []
    assert not (tmp_path / "one/asked").exists()


async def test_a_server_that_dies_ends_the_step_with_its_last_words(tmp_path: Path) -> None:
    waits = step("one", "server:a")
    script = f"{ASKS}\nimport time; time.sleep(60)"
    waits = Step(
        kind=waits.kind,
        name="one",
        variant="main",
        settings=waits.settings,
        launcher=(sys.executable, "-c", script),
    )
    began = time.monotonic()
    with pytest.raises(StepFailed, match=r"ended with status 7(.|\n)*out of memory, says the fake"):
        await run_steps(
            tmp_path, [waits], lambda _: None, Servers(tmp_path, server("--say", "leave"))
        )
    assert time.monotonic() - began < 30


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StepFailed, match=rf"port {port} cannot be had.*\[server\] port"):
            await go(tmp_path, server(port=port), step("one", "server:a"))


async def test_cancelling_leaves_no_server(tmp_path: Path) -> None:
    running = asyncio.ensure_future(go(tmp_path, server("--say", "never"), step("one", "server:a")))
    await until(lambda: bool(processes(tmp_path)))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert processes(tmp_path) == []


async def test_a_killed_run_leaves_no_server(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from test_align_servers import go, server, step\n"
        "asyncio.run(go(Path(sys.argv[2]), server('--say', 'never'), step('one', 'server:a')))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(FAKE.parent), str(tmp_path)])
    await until(lambda: bool(processes(tmp_path)))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    await until(lambda: not processes(tmp_path))


async def test_ctrl_c_ends_a_run_in_good_order(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (tmp_path / "seeds.jsonl").write_text('{"content": "x = 1"}\n')
    (tmp_path / "r.toml").write_text(
        '[model]\nmodel = "m"\nserve = "server:MODEL"\n[synthesis]\nrecipe = "selfcodealign"\n'
        '[seeds]\nfile = "seeds.jsonl"\n[training]\npreset = "tiny"\n[machine]\nlauncher = ["x"]\n'
        f"[server]\ncommand = {json.dumps(server('--say', 'never').command)}\n"
        'more = ["--say", "never"]\n'
    )
    words = ["align", str(tmp_path / "r.toml"), "-o", str(folder)]
    running = subprocess.Popen(
        [sys.executable, "-m", "veristone", *words], stderr=subprocess.PIPE, text=True
    )
    await until(lambda: bool(processes(folder)))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "interrupted; the same command goes on from here" in said
    assert processes(folder) == []


@pytest.fixture
def given() -> Iterator[str]:
    """The address of a server that somebody else started, of the model `base`."""
    running = serve_in_thread("base")
    yield f"http://127.0.0.1:{running.server_port}/v1"
    running.shutdown()
    running.server_close()


async def test_a_given_server_is_asked_for_the_model_that_is_wanted(
    given: str, tmp_path: Path
) -> None:
    assert await go(tmp_path, server(), step("one", f"{given}#base")) == [f"{given}#base"]
    with pytest.raises(StepFailed, match="does not have 'run/model' but: base"):
        await go(tmp_path, server(), step("two", f"{given}#run/model"))
    assert listed_models(given) == ["base"]


async def test_a_given_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"127\.0\.0\.1:9/v1 does not answer"):
        await Servers(tmp_path).ready(step("one", "http://127.0.0.1:9/v1"), lambda _: None)


def test_one_address_for_base_and_tuned_is_refused(tmp_path: Path) -> None:
    recipe = (
        '[model]\nmodel = "m"\nserve = "http://127.0.0.1:8000/v1"\n[synthesis]\nrecipe = "x"\n'
        'input = "i"\n[training]\npreset = "tiny"\n[[evaluation]]\nbenchmark = "mbpp"\n'
        'dataset = "d"\n'
    )
    path = tmp_path / "r.toml"
    path.write_text(recipe)
    with pytest.raises(ConfigError, match="base model and every tuned one in one place"):
        load_align_recipe(path)
    assert load_align_recipe(path, changes=['model.serve="http://127.0.0.1:8000/v1#MODEL"'])


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
