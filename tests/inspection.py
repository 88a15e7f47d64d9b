"""Runs inside a sandbox: prints everything that an earlier sample could have left behind."""

import builtins
import fcntl
import json
import os
import resource
import signal
import sys
import time


def tree(place):
    found = []
    for folder, folders, files in os.walk(place):
        found += [os.path.join(folder, name) for name in (*folders, *files)]
    return sorted(found)


def shape(place):
    try:
        info, space = os.stat(place), os.statvfs(place)
    except OSError as error:
        return str(error)
    found = [oct(info.st_mode), info.st_nlink, os.listxattr(place)]
    if place in places[:4]:
        # File systems of the sandbox's own; the others are the host's and change by themselves.
        found += [space.f_blocks - space.f_bfree, space.f_files - space.f_ffree]
    return found


def lines(path):
    # Numbers of sockets and addresses differ; how many there are must not.
    try:
        with open(path) as file:
            return len(file.readlines())
    except OSError as error:
        return str(error)


def mounts():
    """Sorted: Docker mounts what it was given in any order, in each container another."""
    with open("/proc/self/mountinfo") as file:
        return sorted(line.split()[4:6] for line in file)


def status():
    wanted = (
        "Sig",
        "Shd",
        "Cap",
        "NoNew",
        "Seccomp:",
        "Cpus",
        "Mems",
        "Umask",
        "Groups",
        "Threads",
    )
    with open("/proc/self/status") as file:
        return [line.strip() for line in file if line.startswith(wanted)]


def priorities(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return [fields[15], fields[16], fields[38], fields[39]]


def first_line(path):
    try:
        with open(path) as file:
            return file.readline().strip()
    except OSError as error:
        return str(error)


def marks(path):
    """What stays with a file or a folder that nobody removes: times, attributes, a hint."""
    info = os.stat(path, follow_symlinks=False)
    found = [str(info.st_mtime), str(info.st_atime) if path in places else ""]
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_DIRECTORY)
    except OSError:
        return found
    for question in (
        lambda: fcntl.ioctl(fd, 0x80086601, bytes(8)).hex(),  # FS_IOC_GETFLAGS
        lambda: fcntl.fcntl(fd, 1035, bytes(8)).hex(),  # F_GET_RW_HINT
    ):
        try:
            found.append(question())
        except OSError as error:
            found.append(str(error))
    os.close(fd)
    return found


def touchable():
    """Places but /work, where this very program lies, and devices that are not the host's."""
    with open("/proc/self/uid_map") as file:
        shared = os.getuid() == int(file.read().split()[0])
    devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
    found = [*places[1:4], *([] if shared else devices)]
    return [path for path in found if os.path.exists(path)]


def descriptor(fd):
    """What a descriptor shares with everybody else who holds it."""
    found = []
    for question in (fcntl.F_GETFL, fcntl.F_GETOWN, fcntl.F_GETSIG, 1032):
        try:
            found.append(fcntl.fcntl(fd, question))
        except OSError as error:
            found.append(error.errno)
    # /dev/null is one for the whole host: a sandbox beside this one may look at it just now.
    state = "unknown"
    for _ in range(20):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            state = error.errno
            time.sleep(0.005)
        else:
            fcntl.flock(fd, fcntl.LOCK_UN)
            state = "unlocked"
            break
    found.append(state)
    return found


places = ["/work", "/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run", "/run/veristone"]
state = {
    # First: to look into a folder is to touch it.
    "marks": {path: marks(path) for path in touchable()},
    "files": {place: tree(place) for place in places},
    "places": {place: shape(place) for place in places},
    "flow labels": lines("/proc/net/ip6_flowlabel"),
    "processes": sorted(
        {name for name in os.listdir("/proc") if name.isdigit()} - {str(os.getpid())}
    ),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],
    "standard": [descriptor(fd) for fd in (0, 1, 2)],
    "sockets": {
        name: lines(f"/proc/net/{name}")
        for name in ("unix", "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "netlink")
    },
    "ipc": {name: lines(f"/proc/sysvipc/{name}") for name in ("shm", "sem", "msg")},
    "mounts": mounts(),
    "status": status(),
    "warden": [priorities(1), sorted(os.sched_getaffinity(1)), first_line("/proc/1/comm")],
    "self": [priorities("self"), first_line("/proc/self/oom_score_adj"), os.getcwd()],
    "host": [first_line("/proc/sys/kernel/hostname"), first_line("/proc/sys/kernel/domainname")],
    "limits": [resource.getrlimit(number) for number in range(16)],
    "signals": [
        number for number in range(1, 32) if signal.getsignal(number) not in (signal.SIG_DFL, None)
    ],
    "environment": sorted(os.environ.items()),
    "modules": sorted(sys.modules),
    "path": sys.path,
    "builtins": sorted(vars(builtins)),
    "recursion": sys.getrecursionlimit(),
    "umask": os.umask(0),
}
sys.stdout.write(json.dumps(state) + "\n")
