"""A service of one's own in a child process, for programs that must not share a loop or a fork.

The child listens on a Unix socket in a folder that only this user may enter, and ends with this
process, killed or not.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from veristone import BackendUnavailable
from veristone.client.client import Client
from veristone.extras import need_modules

__all__ = ["local"]

_START_S = 120.0


@contextlib.asynccontextmanager
async def local(*options: str) -> AsyncGenerator[Client]:
    """Start a service, and yield a client of it.

    Args:
        options: of `veristone serve`, as on its command line: ``"--sandboxes", "4"``.

    Raises:
        BackendUnavailable: it did not start; the message is what it said.
    """
    need_modules("httpx", extra="client")
    import httpx

    with tempfile.TemporaryDirectory(prefix="veristone-") as folder:
        path = Path(folder) / "service.sock"
        words = ("serve", "--uds", str(path), *options)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "veristone", *words, "--quiet"),
            *("--with-parent", str(os.getpid())),
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            try:
                async with asyncio.timeout(_START_S):
                    await _ready(child, path)
            except TimeoutError:
                raise BackendUnavailable(
                    f"the service did not start within {_START_S:g} s;"
                    f" to see why, run: veristone {' '.join(words)}"
                ) from None
            transport = httpx.AsyncHTTPTransport(uds=str(path))
            async with Client("http://veristone", transport=transport) as client:
                yield client
        finally:
            await _end(child)


async def _ready(child: asyncio.subprocess.Process, path: Path) -> None:
    while child.returncode is None:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    assert child.stderr is not None
    said = (await child.stderr.read()).decode("utf-8", "replace").strip()
    raise BackendUnavailable(said or f"the service ended with {child.returncode}")


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
    # What it still says is read, so that it cannot wait for a reader.
    await child.communicate()
