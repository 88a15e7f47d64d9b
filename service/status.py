"""The status page at `/`, and what it shows: `/v1/status`.

The page is three files of our own, asks this service alone, and runs under a content security
policy that allows nothing else.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get

from veristone import Verdict, __version__
from veristone.engine import Engine
from veristone.engine.usage import PoolState
from veristone.service.admission import Load
from veristone.service.peers import Peers

__all__ = ["BUCKET_S", "History", "Moment", "Status", "status_routes"]

BUCKET_S = 10
_BUCKETS = 180
_FILES = {"/": "text/html", "/status.css": "text/css", "/status.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Moment(msgspec.Struct, frozen=True, rename={"passed": "pass", "failed": "fail"}):
    """What became of samples in one bucket of time."""

    passed: int
    failed: int
    undecided: int
    refused: int

    def __add__(self, other: "Moment") -> "Moment":
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return Moment(*(mine + theirs for mine, theirs in pairs))


class Status(msgspec.Struct, frozen=True):
    """How the service is, and was in the last half hour; all workers together."""

    version: str
    backend: str
    up_s: float
    load: Load
    pools: list[PoolState]
    bucket_s: int
    history: list[Moment]
    """The oldest first; the last one is not over yet."""

    def __add__(self, other: "Status") -> "Status":
        pools = {pool.language: pool for pool in self.pools}
        for pool in other.pools:
            pools[pool.language] = pools[pool.language] + pool if pool.language in pools else pool
        moments = zip(self.history, other.history, strict=True)
        return msgspec.structs.replace(
            self,
            up_s=max(self.up_s, other.up_s),
            load=self.load + other.load,
            pools=list(pools.values()),
            # Buckets begin for all at the same moments: the clock is the machine's.
            history=[mine + theirs for mine, theirs in moments],
        )


class History:
    """Counts outcomes in buckets of `BUCKET_S` seconds, and forgets what is older than 180.

    Args:
        clock: seconds, counted from anywhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[int, Counter[str]] = {}

    def _now(self) -> int:
        return int(self._clock() // BUCKET_S)

    def judged(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self._count(str(verdict.decision))

    def refused(self) -> None:
        """Count a sample for which there was no time."""
        self._count("refused")

    def _count(self, outcome: str) -> None:
        now = self._now()
        if now not in self._counts:
            old = [bucket for bucket in self._counts if bucket <= now - _BUCKETS]
            for bucket in old:
                del self._counts[bucket]
            self._counts[now] = Counter()
        self._counts[now][outcome] += 1

    def moments(self) -> list[Moment]:
        """Return every bucket of the last half hour, the oldest first."""
        now = self._now()
        buckets = [self._counts.get(now - ago, Counter()) for ago in range(_BUCKETS - 1, -1, -1)]
        names = ("pass", "fail", "undecided", "refused")
        return [Moment(*(counts[name] for name in names)) for counts in buckets]


def status_routes(
    engine: Engine, load: Callable[[], Load], history: History, peers: Peers
) -> list[Any]:
    """Return the page, its files and its numbers."""
    started = time.monotonic()

    def own() -> Status:
        return Status(
            version=__version__,
            backend=engine.backend,
            up_s=round(time.monotonic() - started, 1),
            load=load(),
            pools=engine.pools(),
            bucket_s=BUCKET_S,
            history=history.moments(),
        )

    @get("/v1/status", tags=["about"])
    async def status(request: Request[Any, Any, Any]) -> Status:
        """Tell how the service is and was: load, sandboxes, outcomes of the last half hour."""
        first, *others = await peers.tell(request, "/v1/status", own)
        return sum(others, start=first)

    return [status, *(_file(path, kind) for path, kind in _FILES.items())]


def _file(path: str, kind: str) -> Any:
    name = path.removeprefix("/") or "index.html"
    content = (Path(__file__).with_name("page") / name).read_bytes()

    @get(path, include_in_schema=False)
    async def page() -> Response[bytes]:
        return Response(content, media_type=f"{kind}; charset=utf-8", headers=_HEADERS)

    return page
