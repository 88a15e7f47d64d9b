# Tries: write where nothing of its own lies.
import os

places = [
    "/", "/usr", "/usr/bin", "/usr/lib", "/bin", "/sbin", "/lib", "/etc", "/opt", "/opt/veristone",
    "/opt/veristone/warden", "/var", "/var/tmp", "/var/lib", "/home", "/root", "/run", "/run/lock",
    "/run/veristone", "/srv", "/mnt", "/media", "/boot", "/dev", "/dev/pts", "/proc", "/proc/sys",
    "/proc/sys/kernel", "/sys", "/sys/fs/cgroup", "/sys/kernel",
]
files = [
    "/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/etc/ld.so.cache", "/opt/veristone/warden/serve.py",
    "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches", "/proc/sys/fs/file-max",
    "/proc/sys/kernel/ns_last_pid", "/proc/sys/net/ipv4/ip_forward", "/proc/1/oom_score_adj",
    "/proc/1/mem", "/proc/1/comm", "/proc/1/cmdline", "/proc/1/attr/current", "/proc/self/uid_map",
    "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/console", "/dev/fuse", "/dev/sda", "/dev/vda", "/dev/kvm",
]
written = []
for place in places:
    try:
        with open(f"{place}/veristone-was-here", "w"):
            written.append(place)
    except OSError:
        pass
    try:
        os.mkdir(f"{place}/veristone-dir")
        written.append(place)
    except OSError:
        pass
for path in files:
    for mode in (os.O_WRONLY, os.O_RDWR | os.O_APPEND):
        try:
            fd = os.open(path, mode)
            try:
                # What is there already, so that a success breaks nothing.
                with open(path, "rb") as file:
                    same = file.read(64)
            except OSError:
                same = b"0\n"
            os.write(fd, same)
            written.append(path)
        except OSError:
            pass
    for action in (os.unlink, lambda p: os.chmod(p, 0o777), lambda p: os.rename(p, p + "x")):
        try:
            action(path)
            written.append(f"{path} changed")
        except OSError:
            pass
print("contained" if not written else written)
