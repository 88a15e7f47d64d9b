"""Model servers of a run: started before the step that asks one, checked, kept, stopped.

One at a time: a server has all GPUs that its recipe gives it. It stays while the steps that follow
ask the same model, and is stopped before a step that wants the GPUs for something else (another
model, training) and when the run ends, however it ends. It counts as ready once it lists the wanted
model under `/v1/models`, so a server of another model is never asked by mistake; the same is asked
of every server whose URL names a model.

Servers on other hosts are nobody's business here: give their URL.
"""

import asyncio
import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from veristone import VeristoneError
from veristone.loop.plan import Step, asked_model, folder_name
from veristone.loop.recipe import SERVER, Server
from veristone.processes import end_group, end_with_parent
from veristone.text import line

__all__ = ["ServerFailed", "Servers", "listed_models", "server_words", "tail"]

_HOST = "127.0.0.1"
_LOOK_S = 0.2
_GRACE_S = 30.0
_ANSWER_S = 10.0
_TAIL_BYTES = 4096


class ServerFailed(VeristoneError, RuntimeError):
    """A model server does not start, has ended, or has another model than the one wanted."""


class Servers:
    """An asynchronous context manager that holds the server of the present step, if it needs one.

    Args:
        folder: of the run: servers run there, so that they find the models of its steps, and write
            to `servers/`.
        settings: how they are started.
        gpus: how many there are.
    """

    def __init__(self, folder: Path, settings: Server | None = None, gpus: int = 0) -> None:
        self._folder = folder
        self._settings = settings or Server()
        self._gpus = gpus
        self._process: asyncio.subprocess.Process | None = None
        self._model = ""
        self._port = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ready(self, step: Step, say: Callable[[str], None]) -> str:
        """Return the words for the model that a step asks, once it can be asked.

        Args:
            step: the step that is about to begin.
            say: told now and then what is waited for.

        Raises:
            ServerFailed: it cannot be asked, and why.
        """
        asked = asked_model(step)
        wanted = asked.removeprefix(SERVER) if asked.startswith(SERVER) else ""
        idle = step.kind in ("selection", "dataset")
        if self._process is not None and not idle and (wanted != self._model or self.trouble()):
            await self.stop()
        if wanted:
            if self._process is None:
                await self._start(wanted, say)
            return f"http://{_HOST}:{self._port}/v1#{wanted}"
        if asked.lower().startswith(("http://", "https://")):
            await asyncio.to_thread(_check_address, asked)
        return asked

    def trouble(self) -> str:
        """Return how the server that is held has ended; empty while it runs or there is none."""
        if self._process is None or self._process.returncode is None:
            return ""
        code = self._process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        return f"the server of {self._model} {how}; the end of {self._log}:\n{tail(self._log)}"

    async def stop(self) -> None:
        """End the server, and every process that it started.

        Its workers hold the GPUs' memory and may outlive it, whether it ended in good order or not.
        """
        process, self._process = self._process, None
        if process is not None:
            await asyncio.shield(end_group(process, _GRACE_S))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    @property
    def _log(self) -> Path:
        return self._folder / "servers" / f"{folder_name(self._model)}.log"

    async def _start(self, model: str, say: Callable[[str], None]) -> None:
        self._model = model
        self._port = _free_port(self._settings.port)
        words = server_words(self._settings, self._gpus, model, str(self._port))
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *words,
                    cwd=self._folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # A group of its own: workers of the server end with it, Ctrl-C is ours.
                    start_new_session=True,
                    preexec_fn=end_with_parent,
                )
            except OSError as error:
                raise ServerFailed(
                    f"the server of {model} cannot be started: {words[0]}: {error.strerror};"
                    " pip install 'veristone[vllm]', or say another [server] command"
                ) from error
        try:
            await self._wait_until_ready(say)
        except BaseException:
            await self.stop()
            raise

    async def _wait_until_ready(self, say: Callable[[str], None]) -> None:
        """Wait until the server lists its model.

        Raises:
            ServerFailed: it ended, took too long, or has another model.
        """
        began, address = time.monotonic(), f"http://{_HOST}:{self._port}/v1"
        while (elapsed := time.monotonic() - began) < self._settings.ready_s:
            if trouble := self.trouble():
                raise ServerFailed(trouble)
            try:
                models = await asyncio.to_thread(listed_models, address)
            except OSError:
                last = tail(self._log).splitlines()
                say(f"the server of {self._model} starts, {elapsed:.0f} s: {''.join(last[-1:])}")
                await asyncio.sleep(_LOOK_S)
                continue
            if self._model not in models:
                raise ServerFailed(_other_models(address, self._model, models))
            return
        raise ServerFailed(
            f"the server of {self._model} did not answer within {self._settings.ready_s:g} s"
            f" ([server] ready_s); the end of {self._log}:\n{tail(self._log)}"
        )


def server_words(settings: Server, gpus: int, model: str, port: str) -> list[str]:
    """Return the command that serves a model on so many GPUs."""
    values = {
        "MODEL": model,
        "PORT": port,
        "TENSOR": str(settings.tensor_parallel),
        "DATA": str(settings.copies(gpus)),
    }
    return [values.get(word, word) for word in (*settings.command, *settings.more)]


def listed_models(address: str) -> list[str]:
    """Return the names of the models that a server has, by its `/models`.

    Raises:
        OSError: nobody answers there, or not with such a list.
    """
    # A proxy of the environment is for other hosts than this one.
    here = urlsplit(address).hostname in (_HOST, "localhost", "::1")
    proxies = urllib.request.ProxyHandler({} if here else None)
    with urllib.request.build_opener(proxies).open(
        f"{address.rstrip('/')}/models", timeout=_ANSWER_S
    ) as answer:
        body = answer.read()
    try:
        found: Any = json.loads(body)["data"]
        return [str(each["id"]) for each in cast("list[Any]", found)]
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"{address}/models is no list of models: {line(str(error))}") from error


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _check_address(address: str) -> None:
    """Raise ServerFailed where a server that somebody else started lacks the model in its URL."""
    url, _, wanted = address.partition("#")
    try:
        models = listed_models(url)
    except HTTPError:
        return  # It wants a key, or has no list; the step itself will see.
    except (URLError, TimeoutError) as error:
        raise ServerFailed(f"{url} does not answer: {error}") from error
    except OSError:
        return
    if wanted and wanted not in models:
        raise ServerFailed(_other_models(url, wanted, models))


def _other_models(address: str, wanted: str, models: list[str]) -> str:
    there = line(", ".join(models[:10])) or "none"
    return f"{address} does not have {wanted!r} but: {there}"


def _free_port(wanted: int) -> int:
    """Return the port, or any that is free for 0.

    Raises:
        ServerFailed: another program has it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, wanted))
        except OSError as error:
            raise ServerFailed(
                f"port {wanted} cannot be had: {error.strerror}; say another [server] port, or 0"
                " for any that is free"
            ) from error
        return probe.getsockname()[1]
