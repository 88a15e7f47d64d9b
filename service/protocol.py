"""HTTP/1.1 as uvicorn speaks it, with bounds where it has none: on a request's head.

uvicorn keeps what has come of a head for as long as its sender likes, and however much that is.
Bodies have their bounds behind it: `max_body_mib`, and the deadline.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedProtocol"]

_MOST_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""
_HEAD_S = 20.0
"""In which they must be there, from the connection's beginning or from their first byte."""


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on a head that is too large, or that does not end."""

    _in_head = True
    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn's
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(_HEAD_S, transport.close)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > _MOST_HEAD:
            self.send_400_response(f"the head of the request is over {_MOST_HEAD} bytes")
        elif self._patience is None:
            self._patience = self.loop.call_later(_HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._no_longer_in_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Called by httptools with the first byte of a request."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Called by httptools."""
        self._no_longer_in_head()
        super().on_headers_complete()

    def _no_longer_in_head(self) -> None:
        self._in_head = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
