"""Control groups for sandboxes that no daemon makes any for.

Where this process may make groups below its own (root on most hosts; an ordinary user where the
service manager delegates), each sandbox gets one: the kernel then counts memory, processes and CPU
time and holds the limits. What cannot be had is left out, and the warden's greeting tells which
walls stand. Version 2 of control groups gives memory and processes only where no process lies
beside the sandboxes' groups (cgroups(7), "no internal processes"); CPU time it counts always.
"""

import asyncio
import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

__all__ = ["BACKGROUND_SHARES", "Group", "remove_leftovers"]

BACKGROUND_SHARES = 256
"""CPU shares of a sandbox in the background; another one has 1024. Not the least there is: with
that not even a killed process would end on a busy host."""

_MOUNT = Path("/sys/fs/cgroup")
_MIB = 1024 * 1024
_PREFIX = "veristone-"
_CONTROLLERS = ("memory", "pids", "cpuacct")
_REMOVAL_S = 5.0


class Group:
    """The control groups of one sandbox; on version 1 one per controller."""

    def __init__(
        self, number: int, memory_mib: int, processes: int, background: bool = False
    ) -> None:
        """Make what can be made here, with these limits."""
        self._folders: dict[str, Path] = {}
        name = f"{_PREFIX}{os.getpid()}-{_started(os.getpid())}-{number}"
        limits = {
            "memory.limit_in_bytes": memory_mib * _MIB,
            "memory.memsw.limit_in_bytes": memory_mib * _MIB,
            "memory.max": memory_mib * _MIB,
            "memory.swap.max": 0,
            "pids.max": processes,
        }
        if background:
            limits |= {"cpu.weight": 25, "cpu.shares": BACKGROUND_SHARES}
        for guest, parent in _parents(background).items():
            folder = parent / name
            try:
                folder.mkdir(exist_ok=True)
            except OSError:
                continue
            self._folders[guest] = folder
            for file, value in limits.items():
                with contextlib.suppress(OSError):
                    if (folder / file).exists():
                        (folder / file).write_text(str(value))

    def starting(self, command: list[str]) -> list[str]:
        """Return the command that joins the groups and then becomes `command`."""
        if not self._folders:
            return command
        files = (shlex.quote(str(folder / "cgroup.procs")) for folder in self._folders.values())
        joined = " && ".join(f"echo $$ >{file}" for file in files)
        return ["/bin/sh", "-c", f'{joined} && exec "$@"', "sh", *command]

    def binds(self) -> list[str]:
        """Return bwrap's words that show the groups where a container would see its own."""
        words: list[str] = []
        for guest, folder in self._folders.items():
            for parent in ("/sys", "/sys/fs", str(_MOUNT)):
                words += ["--perms", "0755", "--dir", parent]
            words += ["--ro-bind", str(folder), guest]
        return words

    async def remove(self) -> None:
        """Remove the groups as soon as the kernel is done with the processes in them."""
        pause = 0.001
        left = list(self._folders.values())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REMOVAL_S):
                while left := [folder for folder in left if not _removed(folder)]:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 0.1)


def remove_leftovers() -> None:
    """Remove the groups of engines that are gone."""
    for parent in _parents(background=True).values():
        for folder in parent.glob(f"{_PREFIX}*-*-*"):
            pid, started, _ = folder.name.removeprefix(_PREFIX).split("-")
            if _started(int(pid)) != started:
                _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _parents(background: bool = False) -> dict[str, Path]:
    """Return, for each place where a sandbox looks for its group, the group of this process.

    The scheduler has its say about sandboxes in the background alone: on version 1 those that judge
    stay where they are, each with a full share.
    """
    own = dict(_own_groups())
    if (_MOUNT / "cgroup.controllers").exists():
        parent = _below(_MOUNT, own.get("", "/"))
        for names in ("+memory +pids", "+cpu"):
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text(names)
        return {str(_MOUNT): parent}
    mounts = {name: _MOUNT / name for name in (*_CONTROLLERS, *(["cpu"] if background else []))}
    return {
        str(mount): _below(mount, own.get(name, "/"))
        for name, mount in mounts.items()
        if mount.is_dir()
    }


def _own_groups() -> Iterator[tuple[str, str]]:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            yield from ((name, path) for name in names.split(","))


def _below(mount: Path, path: str) -> Path:
    """A container's view of the groups begins at its own, whatever the path says."""
    inside = mount / path.lstrip("/")
    return inside if inside.is_dir() else mount


def _started(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
