"""What a dialect is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import HTTPException

from veristone import InvalidSample, SessionEnded
from veristone.service.admission import NoVerdict
from veristone.service.errors import Refuse, Reply, explained

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

        def no_verdict(_: Request[Any, Any, Any], error: NoVerdict) -> Response[Any]:
            return self.refuse(error).response()

        def unfit(_: Request[Any, Any, Any], error: InvalidSample) -> Response[Any]:
            return self.invalid(400, str(error)).response()

        def ended(_: Request[Any, Any, Any], error: SessionEnded) -> Response[Any]:
            return self.invalid(404, str(error)).response()

        def malformed(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
            return self.invalid(error.status_code, explained(error)).response()

        handlers: Any = {
            NoVerdict: no_verdict,
            InvalidSample: unfit,
            SessionEnded: ended,
            HTTPException: malformed,
        }
        return Router("/", route_handlers=list(self.routes), exception_handlers=handlers)

    def paths(self) -> list[str]:
        """Return the paths where something is judged."""
        return [
            path
            for route in self.routes
            if "POST" in getattr(route, "http_methods", ())
            for path in route.paths
        ]
