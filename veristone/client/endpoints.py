"""Which of several services to ask next, and how many requests each may have under way.

Additive increase, multiplicative decrease, as in TCP (Chiu and Jain, 1989): each answer raises a
service's limit by ``1 / limit``, an overload or a lost connection halves it. A service that did not
answer is left alone for a while. No clock and no network in here: times are handed in.
"""

from dataclasses import dataclass

__all__ = ["Endpoint", "Endpoints"]

_FIRST, _MOST = 16.0, 1024.0
_AWAY_S = 1.0


@dataclass(slots=True)
class Endpoint:
    """One service and what it is known to take."""

    url: str
    limit: float = _FIRST
    """Requests that it may have under way."""
    in_flight: int = 0
    away_until: float = 0.0


class Endpoints:
    """Chooses among services; the least loaded one, by its own limit, is next.

    Args:
        urls: addresses, as ``http://HOST:PORT``.
    """

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._all = [Endpoint(url.rstrip("/")) for url in urls]

    def take(self, now: float) -> Endpoint | None:
        """Return the service to ask now, counted as asked; None where all have enough to do.

        One that is away is asked only where every other one is, too.
        """
        free = [each for each in self._all if each.in_flight < max(1, int(each.limit))]
        if not free:
            return None
        chosen = min(free, key=lambda each: (each.away_until > now, each.in_flight / each.limit))
        chosen.in_flight += 1
        return chosen

    def answered(self, endpoint: Endpoint) -> None:
        """Note that it gave an answer: it can take a little more."""
        endpoint.in_flight -= 1
        endpoint.limit = min(_MOST, endpoint.limit + 1 / endpoint.limit)
        endpoint.away_until = 0.0

    def refused(self, endpoint: Endpoint) -> None:
        """Note that it had too much to do: it gets half as much."""
        endpoint.in_flight -= 1
        endpoint.limit = max(1.0, endpoint.limit / 2)

    def lost(self, endpoint: Endpoint, now: float) -> None:
        """Note that it did not answer: half as much, and nothing for a while if others can."""
        self.refused(endpoint)
        endpoint.away_until = now + _AWAY_S

    def dropped(self, endpoint: Endpoint) -> None:
        """Note that its answer is not waited for any more, which says nothing about it."""
        endpoint.in_flight -= 1
