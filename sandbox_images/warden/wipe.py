"""Every place that a sample can write to, emptied between samples.

The places are found, not listed: a mount that is writable and open to the sample's user counts,
whatever the container runtime put there (/dev/mqueue, for one). Symlinks are never followed.
"""

from __future__ import annotations

import os
import stat
from typing import Callable, Optional

MAX_FILES = 65_536
"""Files in one place; docker's tmpfs counts them itself, bubblewrap's has no such limit."""

_DEPTH, _ROUNDS = 100, 10_000
_PSEUDO = {"proc", "sysfs", "devpts", "cgroup", "cgroup2", "devtmpfs"}


class NotClean(Exception):
    """Something could not be removed; the sandbox must not be used again."""


def writable_places(uid: int) -> list[str]:
    """Return the mount points that a process of `uid` can create files in, outermost first."""
    places = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            words = fields.split()
            path = words[4].encode("latin-1", "surrogateescape").decode("unicode_escape")
            kind, _, super_options = rest.split(None, 2)
            options = words[5].split(",")
            if "ro" in options or kind in _PSEUDO or "ro" in super_options.strip().split(","):
                continue
            try:
                info = os.stat(path)
            except OSError:
                continue
            if stat.S_ISDIR(info.st_mode) and _may_write(info, uid):
                places.append(path)
    return sorted(set(places), key=len)


def _may_write(info: os.stat_result, uid: int) -> bool:
    return bool(info.st_mode & stat.S_IWOTH) or (
        info.st_uid == uid and bool(info.st_mode & stat.S_IWUSR)
    )


class Wiper:
    """Holds the writable places open and empties them.

    `uid` is the sample's user where it is not the warden's own.
    """

    def __init__(self, places: list[str], uid: Optional[int] = None) -> None:
        self.places = places
        self._uid = uid
        self._fds = [os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for path in places]
        self._modes = [stat.S_IMODE(os.fstat(fd).st_mode) for fd in self._fds]

    def wipe(self) -> None:
        """Empty every place, or raise `NotClean`."""
        for fd, path, mode in zip(self._fds, self.places, self._modes):
            try:
                self._wipe_one(fd)
                if self._uid is None:
                    _restore(fd, mode)
            except OSError as error:
                raise NotClean(f"{path}: {error}") from error

    def _wipe_one(self, fd: int) -> None:
        try:
            _empty(fd)
        except PermissionError:
            # A sticky directory of the sample's: only its owner may empty it.
            if self._uid is None:
                raise
            _empty_as(self._uid, fd)

    def used_bytes(self) -> int:
        """Return how many bytes lie in all places together."""
        total = 0
        for fd in self._fds:
            info = os.fstatvfs(fd)
            total += (info.f_blocks - info.f_bfree) * info.f_frsize
        return total

    def crowded(self) -> bool:
        """True where one of the places holds more files than any sample needs."""
        for fd in self._fds:
            info = os.fstatvfs(fd)
            if info.f_files - info.f_ffree > MAX_FILES:
                return True
        return False

    def full(self) -> bool:
        """True where one of the places has no block or no inode left."""
        for fd in self._fds:
            info = os.fstatvfs(fd)
            if (info.f_blocks and info.f_bavail == 0) or (info.f_files and info.f_ffree == 0):
                return True
        return False


def _empty_as(uid: int, fd: int) -> None:
    """Empty a place in a child that is the sample's user."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            _empty(fd)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise NotClean("its owner cannot empty it")


def _restore(fd: int, mode: int) -> None:
    """Give a place back the rights and attributes that a sample of our own user took away."""
    info = os.fstat(fd)
    if info.st_uid != os.getuid():
        return
    if stat.S_IMODE(info.st_mode) != mode:
        os.fchmod(fd, mode)
    for name in os.listxattr(fd):
        if name.startswith(("user.", "system.posix_acl")):
            os.removexattr(fd, name)
    os.utime(fd, (0, 0))


def _empty(place: int) -> None:
    """Remove everything in a place, however deep it is nested."""
    # What lies deeper than `_DEPTH` is moved up into the place and removed in the next round.
    for _ in range(_ROUNDS):
        if not _clear(place, place, 0):
            return
    raise NotClean("still not empty")


def _clear(fd: int, place: int, depth: int) -> bool:
    """Remove what is in a directory; False where there was nothing."""
    with os.scandir(fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_directory in found:
        if not is_directory:
            _allowed(lambda name=name: os.unlink(name, dir_fd=fd), fd)
            continue
        inner = _open_directory(name, fd)
        try:
            if depth == _DEPTH:
                new = os.urandom(16).hex()
                _allowed(lambda name=name, new=new: _move(name, fd, new, place), fd, inner)
                continue
            _clear(inner, place, depth + 1)
        finally:
            os.close(inner)
        _allowed(lambda name=name: os.rmdir(name, dir_fd=fd), fd)
    return bool(found)


def _move(name: str, fd: int, new: str, place: int) -> None:
    os.rename(name, new, src_dir_fd=fd, dst_dir_fd=place)


def _allowed(action: Callable[[], None], *fds: int) -> None:
    """Do something in a directory; where its owner took away the right, take it back."""
    try:
        action()
    except PermissionError:
        for fd in fds:
            os.fchmod(fd, 0o700)
        action()


def _open_directory(name: str, parent: int) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        # Only where warden and sample share a uid: the sample took its own rights away.
        # Nothing runs beside us, so the name cannot have become a symlink since the scan.
        _allowed(lambda: os.chmod(name, 0o700, dir_fd=parent), parent)
        return os.open(name, flags, dir_fd=parent)
