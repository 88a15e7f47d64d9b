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
    with open("/proc/self/mountinfo") as file:
        return [line.split()[4:6] for line in file]


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
    "files": {place: tree(place) for place in places},
    "places": {place: shape(place) for place in places},
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
