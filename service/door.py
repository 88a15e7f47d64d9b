"""What a request meets before its body is read: who sends it, and whether it may come in.

Under an overload most of what a service does is refusing, so a refusal must cost next to nothing:
headers and queue decide, the body is neither read nor parsed, and the answer does not pass through
the application. What only the body tells (a dialect's deadline) is looked at again behind it.

It is the last that can answer, too: a request whose task is cancelled, or that an error leaves
without an answer, is refused here. A fault of ours must not look like an answer.
"""

import asyncio
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from litestar.exceptions import HTTPException
from litestar.utils.path import normalize_path

from veristone.service.admission import Admission, NoVerdict, Overloaded
from veristone.service.caller import Callers
from veristone.service.config import NAME, ServiceConfig
from veristone.service.errors import Refuse, no_verdict, refuse
from veristone.service.job_paths import JOBS
from veristone.service.peers import Peers
from veristone.service.session_paths import SESSIONS

__all__ = ["E2B_PATHS", "Door"]

_MIB = 1024 * 1024
E2B_PATHS = "/e2b"
"""Where E2B's paths lie: its SDK asks for them at the top, where others have the same."""
_E2B = b"e2b-sandbox-port"
"""A header of every request that E2B's SDK sends to a sandbox."""
_UPLOAD_S = 3600.0
"""In which the file of a job must have come: until then it is one of `max_jobs`."""
_DEADLINE = re.compile(rb"(?:^|&)deadline_s=([0-9.]{1,12})(?:&|$)")


class Door:
    """An ASGI application around another one.

    Args:
        app: what is behind the door.
        admission: knows how long the queue is.
        callers: knows who sends what.
        config: of the service.
        judging: paths under which samples are judged, and how each says that it is too much; only
            POST requests to these are held back.
        refused: told of each refusal: whose request it was, and why.
        peers: answer what is kept elsewhere.
        echoing: paths whose refusal repeats the request: a full queue does not refuse them unread.
    """

    def __init__(
        self,
        app: Any,
        admission: Admission,
        callers: Callers,
        config: ServiceConfig,
        judging: Mapping[str, Refuse],
        refused: Callable[[str, NoVerdict], None],
        peers: Peers,
        echoing: Collection[str] = (),
    ) -> None:
        self._app = app
        self._admission = admission
        self._callers = callers
        self._config = config
        self._judging = judging
        self._refused = refused
        self._peers = peers
        self._echoing = echoing
        self._most_bytes = config.max_bodies_mib * _MIB
        self._bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See the ASGI specification. What is broken off is refused, if it has no answer yet."""
        if scope["type"] != "http":
            enter = self._let_in if scope["type"] == "websocket" else self._app
            await enter(scope, receive, send)
            return
        begun = False

        async def noting(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._let_in(scope, receive, noting)
        except (Exception, asyncio.CancelledError) as error:
            if begun:  # the connection is closed on it, and whoever asked sees that it is not whole
                raise
            path = scope["path"]
            await _answer(send, self._judging.get(path, refuse), no_verdict(error, path))

    async def _let_in(self, scope: Any, receive: Any, send: Any) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        tenant = self._callers.tenant(headers.get(b"authorization"))
        scope.setdefault("state", {})[NAME] = tenant
        # Litestar takes `/v1//verify/` for `/v1/verify`: what holds for one holds for both.
        method, path = scope.get("method"), normalize_path(scope["path"])
        if _E2B in headers and not path.startswith(E2B_PATHS):
            path = E2B_PATHS + path
        scope["path"] = path
        if scope["type"] == "http" and self._peers.forwards(path, headers):
            await self._peers.forward(scope, receive, send)
            return
        say = self._judging.get(path) if method == "POST" else None
        in_session = method in ("POST", "PUT") and path.startswith(SESSIONS)
        if method == "POST" and path == JOBS:
            receive = _Body(receive, _UPLOAD_S, lambda _: None).received
        if tenant is None or not (say or in_session):
            await self._app(scope, receive, send)
            return
        refusal: NoVerdict | None = self._too_large(self._size(headers))
        if refusal is None and say is not None and path not in self._echoing:
            refusal = self._refusal(scope["query_string"], say, tenant)
        if refusal is not None:
            self._refused(tenant, refusal)
            await _answer(send, say or refuse, refusal)
            return

        def came(size: int) -> None:
            self._bytes += size
            if (refusal := self._too_large(0)) is not None:
                self._refused(tenant, refusal)
                raise refusal

        body = _Body(receive, self._config.deadline_s, came)
        try:
            await self._app(scope, body.received, send)
        finally:
            self._bytes -= body.bytes

    def _size(self, headers: Mapping[bytes, bytes]) -> int:
        """Return how many bytes a request says that it brings.

        They count for nobody before they have come: to promise many would shut the others out.
        """
        length = headers.get(b"content-length", b"")
        # A body that is too large is refused behind the door, and not read either.
        most = self._config.max_body_mib * _MIB
        return min(int(length), most) if length.isdigit() else 0

    def _too_large(self, size: int) -> Overloaded | None:
        if self._bytes + size > self._most_bytes:
            return Overloaded("requests under way are as large as memory allows", 1)
        return None

    def _refusal(self, query: bytes, say: Refuse, tenant: str) -> NoVerdict | None:
        given = _DEADLINE.search(query)
        own = self._config.deadline_s if say is refuse else math.inf
        try:
            deadline_s = float(given[1]) if given else own
        except ValueError:  # refused behind the door, in so many words
            return None
        return self._admission.refusal(deadline_s, tenant, self._callers.most_waiting(tenant))


class _Body:
    """Receives a body as long as it comes within so many seconds, and tells of each piece of it.

    Others want the room that it takes: who sends too slowly is answered with 408.
    """

    def __init__(self, receive: Any, seconds: float, came: Callable[[int], None]) -> None:
        self._receive = receive
        self._seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds
        self._came = came
        self._more = True
        self.bytes = 0

    async def received(self) -> Any:
        """See the ASGI specification."""
        if not self._more:  # what comes now is the end of the connection, whenever that is
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._end):
                message = await self._receive()
        except TimeoutError:
            why = f"the body did not come within {self._seconds:g} s"
            raise HTTPException(why, status_code=408) from None
        self._more = message.get("more_body", False)
        size = len(message.get("body", b""))
        self.bytes += size
        self._came(size)
        return message


async def _answer(send: Any, say: Refuse, error: NoVerdict) -> None:
    reply = say(error)
    body = reply.content()
    headers = {"content-type": reply.media_type, "content-length": str(len(body)), **reply.headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
