"""Sessions on the wire: a sandbox that is lent to one client for several calls.

A *cell* runs in a Python interpreter that is kept from cell to cell, a *command* in a process of
its own; both see the files that are there. Files are named by relative paths inside the session's
work folder.
"""

import msgspec

from veristone.errors import InvalidSample
from veristone.limits import Limits
from veristone.verdict import Output, Reason, Usage

__all__ = ["CellError", "FileEntry", "RunRequest", "RunResult", "SessionOptions", "SessionState"]

_MOST_SHOWN = 64 * 1024 * 1024


class SessionOptions(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What a client asks for when it opens a session."""

    language: str = "python"
    """Of the sandbox: which compilers and interpreters are there. Cells need Python."""
    ttl_s: float | None = None
    """Seconds after which the session ends whatever happens; None: the longest there is."""
    idle_s: float | None = None
    """Seconds without a call after which it ends; None: the longest there is."""
    limits: Limits = Limits()
    """Of each call, where the call has none of its own."""


class RunRequest(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One call: a cell or a command."""

    cell: str | None = None
    """Python, run in the interpreter that is kept."""
    command: list[str] | str | None = None
    """A program and its arguments; text is a line for ``sh``."""
    stdin: str = ""
    """Of a command."""
    cwd: str = ""
    """Folder that a command starts in; empty: the work folder."""
    env: dict[str, str] = {}
    """Environment variables of a command, or of an interpreter that this cell starts."""
    limits: Limits | None = None
    show_bytes: int = 1024 * 1024
    """Bytes of stdout, and of stderr, that come back: of a longer one its start and its end."""

    def check(self) -> None:
        """Raise `InvalidSample` where this is no call."""
        if (self.cell is None) == (self.command is None):
            raise InvalidSample("give either a cell or a command")
        if not self.command and self.cell is None:
            raise InvalidSample("command: there is no program in it")
        if self.cell is not None and (self.stdin or self.cwd):
            raise InvalidSample(
                "stdin and cwd are for commands: a cell reads nothing and may chdir"
            )
        if not 0 <= self.show_bytes <= _MOST_SHOWN:
            raise InvalidSample(f"show_bytes must lie between 0 and {_MOST_SHOWN}")
        if any(not name or "=" in name or "\0" in name + value for name, value in self.env.items()):
            raise InvalidSample("env holds what is no name of an environment variable")


class CellError(msgspec.Struct, frozen=True, kw_only=True):
    """The exception that a cell ended with."""

    name: str
    value: str
    traceback: str


class RunResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What came of a call. All of it is the word of the code that ran, but for the measurements."""

    stdout: Output = Output()
    stderr: Output = Output()
    exit_code: int | None = None
    """Of a command, and of an interpreter that ended; 127 and 126: it could not be started."""
    signal: str | None = None
    result: dict[str, str] = {}
    """Of a cell: its last expression's value by MIME type; ``text/plain`` is its `repr`."""
    shown: list[dict[str, str]] = []
    """What the cell gave to ``display``, in the same form."""
    error: CellError | None = None
    broke: Reason | None = None
    """The limit that ended the call."""
    message: str = ""
    """One line for people: which limit, or why a command could not be started."""
    number: int = 0
    """Of a cell: how many cells its interpreter has run, this one included."""
    fresh: bool = False
    """The cell's interpreter was started for it: it knows nothing of cells before."""
    state_lost: bool = False
    """The interpreter is gone, with all that it knew; the next cell gets a new one."""
    usage: Usage = Usage()

    @property
    def ok(self) -> bool:
        """True for a cell without an error, and for a command that ended with 0."""
        return self.error is None and self.broke is None and not self.exit_code and not self.signal


class FileEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file or a folder of a session."""

    path: str
    size: int
    folder: bool = False


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has used, and how long it still has."""

    id: str
    language: str
    calls: int
    cpu_s: float
    moved_bytes: int
    """In and out."""
    ends_in_s: float
    """Until its time to live is over."""
