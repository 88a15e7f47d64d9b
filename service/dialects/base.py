"""What a dialect is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router

from veristone import SessionEnded
from veristone.service.errors import Refuse, Reply, handlers

__all__ = ["Dialect"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Another service's paths, and its words for what is no result."""

    routes: Sequence[Any]
    """Handlers of Litestar."""
    refuse: Refuse
    """There is no verdict: what makes this dialect's clients ask again."""
    invalid: Callable[[int, str], Reply]
    """The request is none; given the status that our own paths would answer with."""
    echoing: frozenset[str] = frozenset()
    """Paths whose refusal repeats the request: a full queue does not refuse them unread."""

    def router(self) -> Router:
        """Return the routes, with exceptions told in the dialect's words."""

        def invalid(status: int, why: str) -> Response[Any]:
            return self.invalid(status, why).response()

        def ended(_: Request[Any, Any, Any], error: SessionEnded) -> Response[Any]:
            return invalid(404, str(error))

        answers: Any = {**handlers(self.refuse, invalid), SessionEnded: ended}
        return Router("/", route_handlers=list(self.routes), exception_handlers=answers)

    def paths(self) -> list[str]:
        """Return the paths where something is judged."""
        return [
            path
            for route in self.routes
            if "POST" in getattr(route, "http_methods", ())
            for path in route.paths
        ]
