"""Every place that a sample can write to, emptied between samples.

The places are found, not listed: a mount that is writable and open to the sample's user counts,
whatever the container runtime put there (/dev/mqueue, for one). Symlinks are never followed.
"""

from __future__ import annotations

import os
import stat

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
    """Holds the writable places open and empties them."""

    def __init__(self, places: list[str]) -> None:
        self.places = places
        self._fds = [os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for path in places]

    def wipe(self) -> None:
        """Empty every place, or raise `NotClean`."""
        for fd, path in zip(self._fds, self.places):
            try:
                _empty(fd, 0)
            except (OSError, RecursionError) as error:
                raise NotClean(f"{path}: {error}") from error

    def used_bytes(self) -> int:
        """Return how many bytes lie in all places together."""
        total = 0
        for fd in self._fds:
            info = os.fstatvfs(fd)
            total += (info.f_blocks - info.f_bfree) * info.f_frsize
        return total

    def full(self) -> bool:
        """True where one of the places has no block or no inode left."""
        for fd in self._fds:
            info = os.fstatvfs(fd)
            if (info.f_blocks and info.f_bavail == 0) or (info.f_files and info.f_ffree == 0):
                return True
        return False


def _empty(fd: int, depth: int) -> None:
    if depth > 400:
        raise NotClean("directories are nested too deep")
    with os.scandir(fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_directory in found:
        if not is_directory:
            os.unlink(name, dir_fd=fd)
            continue
        inner = _open_directory(name, fd)
        try:
            _empty(inner, depth + 1)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=fd)
    if found:
        with os.scandir(fd) as entries:
            if any(True for _ in entries):
                raise NotClean("still not empty")


def _open_directory(name: str, parent: int) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        # Only where warden and sample share a uid: the sample took its own rights away.
        # Nothing runs beside us, so the name cannot have become a symlink since the scan.
        os.chmod(name, 0o700, dir_fd=parent)
        return os.open(name, flags, dir_fd=parent)
