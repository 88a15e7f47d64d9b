"""What really separates a sample from the host: tried, not assumed.

A child drops its privileges exactly as a sample does and then tries what must not work. The
result goes to the engine in the warden's first frame and from there into every verdict.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import socket
from typing import Any, Callable, NamedTuple

from . import kernel
from .child import Identity, drop_privileges

_REFUSALS = (
    errno.EPERM,
    errno.EACCES,
    errno.EROFS,
    errno.ESRCH,
    errno.ENOSYS,
    errno.EINVAL,  # a user id that does not exist in this user namespace
)

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.EACCES)
_PR_GET_NO_NEW_PRIVS = 39
_UNWRITABLE = {"/proc/sys/kernel/ns_last_pid"}
"""Opened by anybody, written with a capability alone; and it changes by itself."""


class Findings(NamedTuple):
    """What a child of ours, with a sample's rights, found."""

    layers: dict[str, bool]
    """Whether each wall held."""
    sysctls: list[str]
    """Files under /proc/sys that it could open for writing."""
    namespaces: dict[str, int]
    """The inode of each namespace that this kernel shows."""


def probe(identity: Identity, cgroup: kernel.Cgroup) -> Findings:
    """Try every wall with a child of ours."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, json.dumps([_as_sample(identity), _writable_sysctls()]).encode())
        except BaseException as error:
            # No layers are known then, and the engine refuses such a sandbox.
            os.write(2, f"warden: probe failed: {error!r}\n".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    os.waitpid(pid, 0)
    layers, sysctls = json.loads(data or b"[{}, []]")
    layers["memory-cgroup"] = cgroup.memory_limit is not None
    layers["processes-cgroup"] = cgroup.pids_limit is not None
    layers["cpu-cgroup"] = cgroup.cpu_s() is not None
    layers["read-only-sysctls"] = not sysctls
    return Findings(layers, sysctls, _namespaces())


def _as_sample(identity: Identity) -> dict[str, bool]:
    os.setsid()
    drop_privileges(identity)
    status = _status()
    return {
        "no-capabilities": status.get("CapEff") == "0" * 16 and status.get("CapPrm") == "0" * 16,
        # Asked by a call: gVisor's status has no line for it.
        "no-new-privileges": _prctl(_PR_GET_NO_NEW_PRIVS) == 1,
        "seccomp": _our_filter(),
        "own-user": identity.uid is not None and _refused(lambda: os.kill(1, 0)),
        "not-root": os.getuid() != 0 and _refused(lambda: os.setuid(0)),
        "own-pid-namespace": os.getppid() == 1 and not _of_the_host("pid"),
        "own-ipc-namespace": not _of_the_host("ipc"),
        "no-network": _no_network(),
        "read-only-root": _refused(lambda: _create("/usr/.veristone"))
        and _refused(lambda: _create("/.veristone")),
        "hidden-warden": _refused(lambda: os.listdir("/proc/1/fd"))
        and _refused(lambda: open("/proc/1/environ", "rb").read()),
        "no-ptrace": _refused(lambda: _call("ptrace", 16, 1, 0, 0)),
        "process-limit": _process_limit(),
    }


def _our_filter() -> bool:
    """True where calls are refused that a container's own filter, or none, would let through.

    Docker refuses most of what we refuse. It lets a program have shared memory of its own, and
    says EPERM where we kill.
    """
    try:
        number = _call("shmget", 0, 4096, 0o600 | 0o1000)
    except OSError as error:
        if error.errno != errno.EPERM:
            return False
    else:
        _call("shmctl", number, 0, 0)
        return False
    pid = os.fork()
    if pid == 0:
        try:
            _call("swapoff", 0)
        finally:
            os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS


def _process_limit() -> bool:
    """True where the kernel refuses one process more than RLIMIT_NPROC allows."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        pid = os.fork()
    except OSError as error:
        return error.errno == errno.EAGAIN
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return False


# The numbers of the namespaces that the kernel starts with (include/linux/proc_ns.h).
_FIRST = {"ipc": 0xEFFFFFFF, "pid": 0xEFFFFFFC}


def _of_the_host(kind: str) -> bool:
    """True where this namespace is the one that the kernel started with.

    A kernel without such namespaces, gVisor's, shows nothing of the host's: neither does it have
    the list of System V objects.
    """
    try:
        return os.stat(f"/proc/self/ns/{kind}").st_ino == _FIRST[kind]
    except OSError:
        return kind == "ipc" and os.path.exists("/proc/sysvipc/shm")


def _namespaces() -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in ("ipc", "net", "pid"):
        try:
            found[kind] = os.stat(f"/proc/self/ns/{kind}").st_ino
        except OSError:
            continue
    return found


def _writable_sysctls() -> list[str]:
    """Return the settings that a sample can open for writing, on a mount that is not read-only."""
    if os.statvfs("/proc/sys").f_flag & os.ST_RDONLY:
        return []
    return sorted(
        path
        for folder, _, files in os.walk("/proc/sys")
        for path in (os.path.join(folder, name) for name in files)
        if os.access(path, os.W_OK) and path not in _UNWRITABLE
    )


def _status() -> dict[str, str]:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        pairs = (line.partition(":") for line in file)
        return {key: value.strip() for key, _, value in pairs}


def _refused(action: Callable[[], Any]) -> bool:
    try:
        action()
    except OSError as error:
        return error.errno in _REFUSALS
    return False


def _call(name: str, *args: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    answer: int = getattr(libc, name)(*args)
    if answer == -1:
        raise OSError(ctypes.get_errno(), name)
    return answer


def _prctl(option: int) -> int:
    return _call("prctl", option, 0, 0, 0, 0)


def _create(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
    os.unlink(path)


def _no_network() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        try:
            # A datagram socket's connect sends nothing: it only asks for a route.
            probe_socket.connect(("192.0.2.1", 9))
        except OSError as error:
            return error.errno in _UNREACHABLE
    return False
