"""Sessions of many tenants: who may open how many, and whose is whose.

A session is found by its name and its tenant together: whoever names another tenant's is told
that there is none. Names of our own cannot be guessed; a dialect whose clients choose names finds
them among its tenant's alone.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from veristone import BackendUnavailable, SessionEnded, SessionOptions, SessionsFull
from veristone.engine.sessions import Session, Sessions
from veristone.service.admission import NoVerdict, Overloaded
from veristone.service.config import ServiceConfig

__all__ = ["Lent", "TenantSessions"]

_MOST_NAME = 256
_AGAIN_S = 0.05


class Lent:
    """All sessions that clients of a service have.

    Args:
        sessions: of the engine.
        config: of the service.
        opened: told of each session: whose it is.
    """

    def __init__(
        self, sessions: Sessions, config: ServiceConfig, opened: Callable[[str], None]
    ) -> None:
        self._sessions = sessions
        self._config = config
        self._opened = opened
        self._known: dict[tuple[str, str], Session] = {}
        self._starting: dict[str, int] = {}
        self._opening: dict[tuple[str, str], asyncio.Task[Session]] = {}

    @property
    def count(self) -> int:
        """Sessions that are open."""
        return self._sessions.count

    def of(self, tenant: str) -> "TenantSessions":
        """Return the sessions of one tenant."""
        return TenantSessions(self, tenant)

    async def open(self, tenant: str, options: SessionOptions, name: str | None) -> Session:
        """Start a session; see `TenantSessions.open`."""
        self._forget_ended()
        most = self._config.most_sessions_of(tenant)
        mine = sum(owner == tenant for owner, _ in self._known) + self._starting.get(tenant, 0)
        if most is not None and mine >= most:
            raise Overloaded(f"{most} sessions of {tenant} are open already", 10)
        self._starting[tenant] = self._starting.get(tenant, 0) + 1
        try:
            session = await self._sessions.open(options)
        except SessionsFull as error:
            raise Overloaded(str(error), 10) from error
        except BackendUnavailable as error:
            raise NoVerdict(str(error)) from error
        finally:
            self._starting[tenant] -= 1
        self._known[tenant, name or session.id] = session
        self._opened(tenant)
        return session

    async def named(
        self, tenant: str, name: str, options: SessionOptions, instead_of: str | None
    ) -> Session:
        """Return a session that a client named; see `TenantSessions.named`."""
        key = tenant, name[:_MOST_NAME]
        with contextlib.suppress(SessionEnded):
            return self.get(*key)
        task = self._opening.get(key)
        if task is None:
            task = asyncio.ensure_future(self._open_named(*key, options, instead_of))
            self._opening[key] = task
            task.add_done_callback(lambda _: self._opening.pop(key, None))
        return await asyncio.shield(task)

    async def _open_named(
        self, tenant: str, name: str, options: SessionOptions, instead_of: str | None
    ) -> Session:
        try:
            return await self.open(tenant, options, name)
        except Overloaded:
            unused = [] if instead_of is None else self._unused(tenant, instead_of)
            if not unused:
                raise
        await self.close(tenant, unused[0])
        return await self.open(tenant, options, name)

    def _unused(self, tenant: str, prefix: str) -> list[str]:
        """Return names of a tenant's sessions without a call under way, longest unused first."""
        unused = {
            name: session.unused_s
            for (owner, name), session in self._known.items()
            if owner == tenant and name.startswith(prefix) and session.unused_s > 0
        }
        return sorted(unused, key=unused.__getitem__, reverse=True)

    def get(self, tenant: str, name: str) -> Session:
        """Return an open session of a tenant."""
        session = self._known.get((tenant, name))
        if session is None:
            raise SessionEnded("there is no such session")
        if session.ended is not None:
            raise SessionEnded(f"the session is over: {session.ended}")
        return session

    def names(self, tenant: str) -> list[str]:
        """Return the names of a tenant's open sessions."""
        self._forget_ended()
        return [name for owner, name in self._known if owner == tenant]

    async def close(self, tenant: str, name: str) -> None:
        """End a session and forget it."""
        session = self.get(tenant, name)
        await asyncio.shield(asyncio.ensure_future(session.close()))
        self._known.pop((tenant, name), None)

    def _forget_ended(self) -> None:
        ended = [key for key, session in self._known.items() if session.ended is not None]
        for key in ended:
            del self._known[key]


class TenantSessions:
    """The sessions of the tenant that sent a request. What every route is given."""

    def __init__(self, lent: Lent, tenant: str) -> None:
        self._lent = lent
        self._tenant = tenant

    async def open(self, options: SessionOptions, name: str | None = None) -> Session:
        """Start a session, called `name` or by a name that cannot be guessed.

        Raises:
            Overloaded: there are as many as there may be.
            NoVerdict: no sandbox can be had.
            InvalidSample: the options ask for more than there is.
        """
        return await self._lent.open(self._tenant, options, name)

    async def named(
        self, name: str, options: SessionOptions, instead_of: str | None = None
    ) -> Session:
        """Return the session of this name; start one where there is none.

        Where there are as many as there may be, the longest unused one ends whose name begins
        with `instead_of`.

        Raises:
            Overloaded: there are as many as there may be.
            NoVerdict: no sandbox can be had.
        """
        return await self._lent.named(self._tenant, name, options, instead_of)

    def get(self, name: str) -> Session:
        """Return a session.

        Raises:
            SessionEnded: the tenant has none of this name, or it is over.
        """
        return self._lent.get(self._tenant, name)

    def all(self) -> dict[str, Session]:
        """Return the open sessions by name."""
        return {name: self.get(name) for name in self._lent.names(self._tenant)}

    async def close(self, name: str) -> None:
        """End a session.

        Raises:
            SessionEnded: the tenant has none of this name.
        """
        await self._lent.close(self._tenant, name)

    @contextlib.asynccontextmanager
    async def once(
        self, options: SessionOptions, patience_s: float = 0.0
    ) -> AsyncGenerator[Session]:
        """Lend a session for one request, waiting for one where there are too many.

        Raises:
            NoVerdict: there was none in time, or it broke.
        """
        session = await self._patiently(options, patience_s)
        try:
            yield session
        except SessionEnded as error:
            raise NoVerdict(str(error)) from error
        finally:
            await asyncio.shield(asyncio.ensure_future(session.close()))

    async def _patiently(self, options: SessionOptions, patience_s: float) -> Session:
        loop = asyncio.get_running_loop()
        end = loop.time() + patience_s
        while True:
            try:
                return await self.open(options)
            except Overloaded:
                if loop.time() + _AGAIN_S >= end:
                    raise
            await asyncio.sleep(_AGAIN_S)
