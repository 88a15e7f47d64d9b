"""The walls by name: which a sandbox reports, and without which no sample runs.

The warden tries each with a child that has a sample's rights (`warden.probe`); here is decided
what follows from it.
"""

from collections.abc import Collection, Sequence

__all__ = ["ADVICE", "LAYERS", "NEEDED", "lacking"]

LAYERS = (
    "counted-sockets",
    "cpu-cgroup",
    "hidden-warden",
    "memory-cgroup",
    "no-capabilities",
    "no-network",
    "no-new-privileges",
    "no-ptrace",
    "not-root",
    "own-devices",
    "own-ipc-namespace",
    "own-pid-namespace",
    "own-user",
    "process-limit",
    "processes-cgroup",
    "read-only-root",
    "read-only-sysctls",
    "seccomp",
)
NEEDED = (("no-network",), ("seccomp",), ("own-pid-namespace",), ("own-user", "hidden-warden"))
"""One of each group at least, or no sample runs."""
ADVICE = {
    "memory-cgroup": "no cgroup here: memory is watched by the warden and bounded per process;"
    " use Docker for a hard limit",
    "processes-cgroup": "no cgroup here: processes are bounded per user by the kernel",
    "cpu-cgroup": "no cgroup here: the time of children that nobody waits for is known only from"
    " looks",
    "own-user": "warden and sample share a user id; start Veristone as root or use Docker to"
    " separate them",
    "own-devices": "samples share the host's /dev/null and its kind, and so locks on them, with"
    " whoever runs beside them; start Veristone as root or use Docker",
    "counted-sockets": "the kernel shows other containers' sockets too, so what a sample leaves in"
    " sockets without a trace on the loopback device is not seen; a pod under gVisor is like this",
    "hidden-warden": "samples see the warden's environment and open files; gVisor shows them",
    "seccomp": "the kernel refused our system call filter: do not run hostile code here",
    "no-network": "samples can reach the network: do not run hostile code here",
    "own-ipc-namespace": "samples share System V objects with the host: start the sandbox without"
    " --ipc=host",
    "own-pid-namespace": "samples see the host's processes: start the sandbox without --pid=host",
}


def lacking(enforced: Collection[str], more: Sequence[str] = ()) -> list[str]:
    """Return what is missing of the needed layers and of `more`, in words."""
    groups = (*NEEDED, *((name,) for name in more))
    return [" or ".join(names) for names in groups if not set(names) & set(enforced)]
