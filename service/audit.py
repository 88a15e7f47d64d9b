"""Who had what judged, and how it came out: one line of JSON for each sample, in a file.

Written for whoever answers for a service, not for its clients: no code and no output is in it.
Lines are appended whole, so several services may share a file and a log rotator may move it away.
"""

import logging
import os
import time
from pathlib import Path

import msgspec

from veristone import ConfigError

__all__ = ["Audit", "Entry"]

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One sample, or a session. Times in seconds, `time` since 1970."""

    time: float
    tenant: str
    id: str
    """Of the sample; empty where it was refused unread."""
    outcome: str
    """A verdict's decision, or `refused` (no time for it), or `invalid`; `session`: one began."""
    reason: str = ""
    seconds: float = 0.0
    """From its arrival to its outcome."""


class Audit:
    """Appends entries to a file, or does nothing where there is none.

    Args:
        path: of the file; None: nothing is written.

    Raises:
        ConfigError: it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is not None:
            self._append(b"")

    def note(
        self, tenant: str, name: str, outcome: str, reason: str = "", seconds: float = 0.0
    ) -> None:
        """Write what became of a sample. What cannot be written is told to the log."""
        if self._path is None:
            return
        entry = Entry(
            time=round(time.time(), 3),
            tenant=tenant,
            id=name,
            outcome=outcome,
            reason=reason,
            seconds=round(seconds, 3),
        )
        try:
            self._append(_encode(entry) + b"\n")
        except ConfigError as error:  # no reason to judge nothing any more
            _log.error("audit: %s", error)

    def _append(self, line: bytes) -> None:
        assert self._path is not None
        try:
            # Opened anew each time, so that a file that was moved away is not written to.
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be written: {error.strerror}") from error
