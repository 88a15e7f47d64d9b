"""What a child of a session does that is no interpreter: a program, or work on files.

It runs as the client's own user. What goes wrong is recorded as `refused`, with the number of the
error: it is the client's to know, and no fault of ours.
"""

from __future__ import annotations

import os
import signal
import stat
from typing import Any, Iterator, NoReturn

from .child import Job, write_files
from .record import Recorder

MOST_LISTED = 4096
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
# A FIFO in place of a file must not keep us waiting.
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def run_program(job: Job, recorder: Recorder) -> NoReturn:
    """Become the program of the job; the payload is the folder that it starts in."""
    argv: list[str] = job.meta["argv"]
    environment = {**os.environ, **job.meta["env"]}
    try:
        if len(job.payload):
            os.chdir(bytes(job.payload))
        # Python ignores SIGPIPE and SIGXFSZ; a program that is no Python expects the defaults.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execvpe(argv[0], argv, environment)
    except (OSError, ValueError) as error:
        recorder.write(_refusal(error))
        os._exit(_NOT_EXECUTABLE if isinstance(error, PermissionError) else _NOT_FOUND)


def handle_files(job: Job, recorder: Recorder) -> NoReturn:
    """Write the files that came with the job, look at those that are to be sent, list folders."""
    try:
        write_files(job)
        for name in job.meta["fetch"]:
            _look(name)
        for folder in job.meta["argv"]:
            recorder.write({"value": list(_below(folder))})
    except (OSError, ValueError) as error:
        recorder.write(_refusal(error))
        os._exit(1)
    os._exit(0)


def _refusal(error: Exception) -> dict[str, Any]:
    number = error.errno if isinstance(error, OSError) else None
    said = (os.strerror(number) if number else str(error))[:200]
    return {"refused": [number or 0, said]}


def _look(name: str) -> None:
    """Raise the error that tells why a file is none to be sent, or return."""
    fd = os.open(name, _LOOK)
    mode = os.fstat(fd).st_mode
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "is a directory")
    if not stat.S_ISREG(mode):
        raise PermissionError(13, "is no plain file")


def _below(folder: str) -> Iterator[list[Any]]:
    """Yield path, size and whether it is a folder, of what lies below one; no link is followed."""
    count = 0
    for root, folders, files in os.walk(folder, onerror=_raise):
        for name in sorted((*folders, *files)):
            path = os.path.join(root, name)
            try:
                info = os.lstat(path)
                path.encode()
            except (OSError, UnicodeError):
                continue  # gone meanwhile; or no text, which no reply can say
            yield [os.path.relpath(path), info.st_size, stat.S_ISDIR(info.st_mode)]
            count += 1
            if count == MOST_LISTED:
                return


def _raise(error: OSError) -> None:
    raise error
