"""Every place that a sample can write to, emptied between samples.

The places are found, not listed: a mount that is writable and open to the sample's user counts,
whatever the container runtime put there (/dev/mqueue, for one). Symlinks are never followed.

What a sample called its files must not stay in the warden's memory, from which the next sample is
forked. So names are read into memory of their own, are never made into Python strings, and are
wiped with the files.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import stat
import struct
from typing import Callable, NamedTuple, Optional, Sequence

MAX_FILES = 65_536
"""Files in one place; docker's tmpfs counts them itself, bubblewrap's has no such limit."""

_DEPTH, _ROUNDS = 100, 10_000
_PSEUDO = {"proc", "sysfs", "devpts", "cgroup", "cgroup2", "devtmpfs"}


class NotClean(Exception):
    """Something could not be removed; the sandbox must not be used again."""


class Place(NamedTuple):
    """A mount point and the kind of its file system."""

    path: str
    kind: str


def writable_places(uid: int) -> list[Place]:
    """Return the mount points that a process of `uid` can create files in, outermost first."""
    places: set[Place] = set()
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
                places.add(Place(path, kind))
    return sorted(places, key=lambda place: len(place.path))


def _may_write(info: os.stat_result, uid: int) -> bool:
    return bool(info.st_mode & stat.S_IWOTH) or (
        info.st_uid == uid and bool(info.st_mode & stat.S_IWUSR)
    )


def devices() -> list[str]:
    """Return the device files that everybody can write to, and so set the times of."""
    with os.scandir("/dev") as entries:
        return [
            entry.path for entry in entries if _is_open_device(entry.stat(follow_symlinks=False))
        ]


def _is_open_device(info: os.stat_result) -> bool:
    return stat.S_ISCHR(info.st_mode) and bool(info.st_mode & stat.S_IWOTH)


class Wiper:
    """Holds the writable places open and empties them.

    `uid` is the sample's user where it is not the warden's own. `devices` are this sandbox's own
    device files: like the places they can be touched by a sample that leaves no file, and their
    times would tell the next one.
    """

    def __init__(
        self, places: list[Place], uid: Optional[int] = None, devices: Sequence[str] = ()
    ) -> None:
        self.places = [place.path for place in places]
        self._uid = uid
        self._fds = [os.open(path, _OPEN) for path in self.places]
        self._in_memory = [fd for fd, place in zip(self._fds, places) if place.kind == "tmpfs"]
        self._modes = [stat.S_IMODE(os.fstat(fd).st_mode) for fd in self._fds]
        self._touchable = [
            (path, os.open(path, os.O_PATH | os.O_CLOEXEC))
            for path in (*self.places, *devices)
            if _touch(path)
        ]
        self._untouched: dict[int, tuple[int, ...]] = {}

    def wipe(self) -> None:
        """Empty every place, or raise `NotClean`."""
        for fd, path, mode in zip(self._fds, self.places, self._modes):
            if self._is_untouched(fd):
                continue
            try:
                self._wipe_one(fd)
                if self._uid is None:
                    _restore(fd, mode)
            except OSError as error:
                raise NotClean(f"{path}: {error}") from error
        for path, fd in self._touchable:
            if not self._is_untouched(fd):
                os.utime(path, (0, 0))
        if self._uid is not None and not self._untouched:
            fds = (*self._fds, *(fd for _, fd in self._touchable))
            looks = {fd: _look(fd) for fd in fds}
            self._untouched = {fd: look for fd, look in looks.items() if look[0] == 0}

    def _is_untouched(self, fd: int) -> bool:
        """True where the times of a place or a device are those that the last wipe gave it.

        Whoever adds or removes a name changes them, and only their owner can set them back.
        """
        return self._untouched.get(fd) == _look(fd) if self._untouched else False

    def _wipe_one(self, fd: int) -> None:
        try:
            _empty(fd)
        except PermissionError:
            # A sticky directory of the sample's: only its owner may empty it.
            if self._uid is None:
                raise
            _empty_as(self._uid, fd)
            _names.wipe()

    def used_bytes(self) -> int:
        """Return how many bytes lie in all places together."""
        total = 0
        for fd in self._fds:
            info = os.fstatvfs(fd)
            total += (info.f_blocks - info.f_bfree) * info.f_frsize
        return total

    def space(self) -> tuple[int, ...]:
        """Return the blocks and the inodes in use in each place that is ours alone."""
        return tuple(number for fd in self._in_memory for number in _used(os.fstatvfs(fd)))

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


def _look(fd: int) -> tuple[int, ...]:
    """Return when a file was last modified and read, in ns, then its size, mode and links."""
    info = os.fstat(fd)
    return info.st_mtime_ns, info.st_atime_ns, info.st_size, info.st_mode, info.st_nlink


def _used(info: os.statvfs_result) -> tuple[int, int]:
    return info.f_blocks - info.f_bfree, info.f_files - info.f_ffree


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


def _touch(path: str) -> bool:
    """Set the times of a file to nothing; False where they are not ours to set."""
    try:
        os.utime(path, (0, 0))
    except OSError:
        return False
    return True


_libc = ctypes.CDLL(None, use_errno=True)
_HEAD = struct.Struct("=QqHB")  # struct linux_dirent64, without the name at its end
_DIRECTORY, _UNKNOWN = 4, 0
_AT_REMOVEDIR = 0x200
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _call(name: str, *arguments: object) -> int:
    code: int = getattr(_libc, name)(*arguments)
    if code < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return code


def _empty(place: int) -> None:
    """Remove everything in a place, however deep it is nested."""
    # What lies deeper than `_DEPTH` is moved up into the place and removed in the next round;
    # so is what a directory's listing skips while its entries go.
    for _ in range(_ROUNDS):
        os.lseek(place, 0, os.SEEK_SET)
        if not _clear(place, place, 0):
            _names.wipe()
            return
    raise NotClean("still not empty")


class _Names:
    """Memory for the listings of one directory per level."""

    _LISTING = 8192

    def __init__(self) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self.memory = mmap.mmap(-1, (_DEPTH + 1) * self._LISTING, flags=flags)
        self._start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self._deepest = -1

    def read(self, fd: int, depth: int) -> tuple[int, int, int]:
        """List a directory on: (offset in the memory, its address, bytes that are there)."""
        self._deepest = max(self._deepest, depth)
        offset = depth * self._LISTING
        address = self._start + offset
        return offset, address, _call("getdents64", fd, ctypes.c_void_p(address), self._LISTING)

    def wipe(self) -> None:
        """Forget every name."""
        self.memory.madvise(mmap.MADV_DONTNEED, 0, (self._deepest + 1) * self._LISTING)
        self._deepest = -1


_names = _Names()


def _clear(fd: int, place: int, depth: int) -> bool:
    """Remove what is in a directory; False where there was nothing."""
    memory, found = _names.memory, False
    while True:
        offset, address, length = _names.read(fd, depth)
        if length == 0:
            return found
        at = 0
        while at < length:
            _, _, size, kind = _HEAD.unpack_from(memory, offset + at)
            start = offset + at + _HEAD.size
            name = ctypes.c_void_p(address + at + _HEAD.size)
            at += size
            if memory[start : start + 2] == b".\0" or memory[start : start + 3] == b"..\0":
                continue
            found = True
            if kind == _UNKNOWN:
                kind = _kind(fd, name)
            if kind == _DIRECTORY:
                _remove_directory(fd, name, place, depth)
            else:
                _allowed(lambda name=name: _call("unlinkat", fd, name, 0), fd)


def _kind(fd: int, name: ctypes.c_void_p) -> int:
    try:
        os.close(_call("openat", fd, name, _OPEN))
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            return _UNKNOWN
        if error.errno != errno.EACCES:
            raise
    return _DIRECTORY


def _remove_directory(fd: int, name: ctypes.c_void_p, place: int, depth: int) -> None:
    inner = _open_directory(fd, name)
    try:
        if depth == _DEPTH:
            new = os.urandom(16).hex().encode()
            _allowed(lambda: _call("renameat", fd, name, place, new), fd, inner)
            return
        _clear(inner, place, depth + 1)
    finally:
        os.close(inner)
    try:
        _allowed(lambda: _call("unlinkat", fd, name, _AT_REMOVEDIR), fd)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:  # the next round finds the rest
            raise


def _open_directory(fd: int, name: ctypes.c_void_p) -> int:
    try:
        return _call("openat", fd, name, _OPEN)
    except PermissionError:
        # Only where warden and sample share a uid: the sample took its own rights away.
        # Nothing runs beside us, so the name cannot have become a symlink since the listing.
        _allowed(lambda: _call("fchmodat", fd, name, 0o700, 0), fd)
        return _call("openat", fd, name, _OPEN)


def _allowed(action: Callable[[], int], *fds: int) -> None:
    """Do something in a directory; where its owner took away the right, take it back."""
    try:
        action()
    except PermissionError:
        for fd in fds:
            os.fchmod(fd, 0o700)
        action()
