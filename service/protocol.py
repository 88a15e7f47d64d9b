"""HTTP/1.1 and websockets as uvicorn speaks them, with bounds where it has none.

uvicorn keeps what has come of a head for as long as its sender likes, and however much that is. It
waits for ever for the rest of a body that was answered already, and for whoever does not read an
answer, and it reads as many requests as are sent in advance. Each of these holds memory or an open
file, so here it ends. Bodies that are still of use have their bounds behind it: `max_body_mib`, and
the deadline.

Whoever would rather speak another protocol (`Upgrade: h2c`, as Java's client asks with its first
request) is answered in HTTP/1.1, as RFC 9110 (7.8) lets a server do: httptools takes what comes
behind the head for that other protocol's, where it is the request's body.

An answer leaves as one piece: uvicorn writes its head and its body apart, which wakes whoever waits
for it twice.
"""

import asyncio
import resource
import sys
from typing import Any

import httptools
import wsproto.events
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

__all__ = ["BoundedProtocol", "BoundedSocket"]

_MOST_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""
_HEAD_S = 20.0
"""In which they must be there, from the connection's beginning or from their first byte."""
_REST_S = 60.0
"""In which the rest of a request must come that was answered before its end."""
_UNREAD_S = 120.0
"""In which some of an answer must be read that fills all buffers on its way."""
_MOST_AHEAD = 64
"""Requests that are sent before the one in front of them is answered."""
_KEPT_FREE = 256
"""Open files that are no connections': those of sandboxes, which must start whoever connects."""
_MOST_JOINED = 64 * 1024
"""Bytes that wait for the end of a turn of the event loop."""


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on whoever takes more room or time than a request needs."""

    _in_head = True
    _head_bytes = 0
    _piece = b""
    _patience: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn's
        """See `asyncio.Protocol`."""
        super().connection_made(_Joining(transport, self.loop))
        self.flow = _InOrder(self)
        self._wait(_HEAD_S)
        if len(self.connections) > resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _KEPT_FREE:
            self._make_room()

    def _make_room(self) -> None:
        """Hang up on somebody who waits for no answer."""
        others = (each for each in self.connections if isinstance(each, BoundedProtocol))
        next((each for each in others if each is not self and each.idle), self).transport.close()

    @property
    def idle(self) -> bool:
        """True where no request is being answered."""
        answered = self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - None before the first request
        return answered and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._piece = data
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD:
                self.send_400_response(f"the head of the request is over {_MOST_HEAD} bytes")
                return
        if self._patience is None:
            if self._in_head:
                self._wait(_HEAD_S)
            elif self.idle:  # of no use to anybody, or not even a request
                self._wait(_REST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._wait_no_longer()
        self._is_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        super().pause_writing()
        self._unread = self.loop.call_later(_UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._is_read()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """Called by httptools with the first byte of a request."""
        self._wait_no_longer()
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    @property
    def _asks_for_more(self) -> bool:
        """True where a request would rather speak a protocol that nobody here does."""
        asked: bytes | None = self._get_upgrade()
        return self.parser.should_upgrade() and asked is not None and not self._should_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """Called by uvicorn while it handles what httptools raised there.

        The request is read again, as one that asks for nothing.
        """
        stopped = sys.exception()
        if not self._asks_for_more or not isinstance(stopped, httptools.HttpParserUpgrade):
            return
        rest = self._piece[stopped.args[0] :]
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        lines += [
            name + b": " + value
            for name, value in self.headers
            if name not in (b"upgrade", b"http2-settings", b"connection")
        ]
        self.parser = httptools.HttpRequestParser(self)
        self._piece = b"\r\n".join(lines) + b"\r\n\r\n" + rest
        super().data_received(self._piece)

    def on_headers_complete(self) -> None:
        """Called by httptools. An exception in here is answered with 400.

        Raises:
            ValueError: the head came in one piece and is too large, or it is one of too many.
        """
        self._wait_no_longer()
        self._in_head = False
        if self._head_bytes + len(self._piece) > _MOST_HEAD:
            head = sum(len(name) + len(value) + 4 for name, value in self.headers)
            if head + len(self.url) > _MOST_HEAD:
                raise ValueError("the head is too large")
        if len(self.pipeline) >= _MOST_AHEAD:
            raise ValueError("too many requests before an answer")
        if not self._asks_for_more:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by httptools."""
        if not self._asks_for_more:
            super().on_message_complete()

    def _wait(self, seconds: float) -> None:
        self._patience = self.loop.call_later(seconds, self.transport.close)

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class BoundedSocket(WSProtocol):
    """Hangs up on whoever asks for pongs and does not read them."""

    def handle_ping(self, event: wsproto.events.Ping) -> None:
        """Called with each ping."""
        if self.writable.is_set():
            super().handle_ping(event)
        else:
            self.transport.abort()


class _InOrder(FlowControl):
    """Reads no further while requests wait for the one in front of them.

    uvicorn reads on when that one asks whether its sender is there still.
    """

    def __init__(self, protocol: BoundedProtocol) -> None:
        super().__init__(protocol.transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        """See uvicorn's `FlowControl`."""
        if not self._protocol.pipeline:
            super().resume_reading()


class _Joining(asyncio.Transport):
    """A transport that sends what is written in one turn of the event loop as one piece."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes | bytearray | memoryview] = []
        self._bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `asyncio.WriteTransport`."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > _MOST_JOINED:
            self._flush()

    def _flush(self) -> None:
        if self._pieces:
            joined = b"".join(self._pieces)
            self._pieces, self._bytes = [], 0
            self._transport.write(joined)

    def close(self) -> None:
        """See `asyncio.BaseTransport`."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """See `asyncio.WriteTransport`."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """See `asyncio.BaseTransport`."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """See `asyncio.BaseTransport`."""
        return self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """See `asyncio.BaseTransport`."""
        self._transport.set_protocol(protocol)

    def pause_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._transport.resume_reading()
