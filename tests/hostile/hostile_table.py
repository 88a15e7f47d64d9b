"""What must come of every attack program: shared by the tests of all back ends."""

import os
from pathlib import Path
from typing import NamedTuple

from veristone import Limits, ProgramCheck, Reason, Sample

PROGRAMS = Path(__file__).parent / "programs"
SHORT = Limits(cpu_s=1.0, wall_s=10.0)
# No clock may end these first, however slow the machine is: what is tested is another limit.
ROOMY = Limits(cpu_s=60.0, wall_s=90.0)
SMALL = Limits(cpu_s=60.0, wall_s=90.0, memory_mib=256)
R = Reason


class Attack(NamedTuple):
    """What must come of a program. `says` is what it prints where it passes."""

    reasons: set[Reason]
    limits: Limits = ROOMY
    says: str = ""
    uncounted: frozenset[Reason] = frozenset()
    """Reasons that are as good where no cgroup counts what the kernel refused."""
    lasting: bool | None = False
    """It leaves what nobody can remove, so its sandbox must not be used again. None: whether it
    does depends on the back end."""


CONTAINED = Attack({R.PASSED}, ROOMY, "contained")
ATTACKS: dict[str, Attack] = {
    # Too much of something.
    "fork_bomb": Attack({R.PROCESS_LIMIT}, SHORT),
    "fork_bomb_short_lived": Attack({R.PROCESS_LIMIT, R.CPU_TIMEOUT}, SHORT),
    "fork_until_refused": CONTAINED,
    "thread_bomb": Attack({R.PROCESS_LIMIT}, SHORT, uncounted=frozenset({R.RUNTIME_ERROR})),
    "memory_list": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_mmap": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_children": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_memfd": Attack({R.MEMORY_LIMIT, R.RUNTIME_ERROR}, SMALL),
    "memory_pipes": Attack({R.PASSED, R.MEMORY_LIMIT}, SMALL, "contained"),
    "memory_sockets": Attack({R.MEMORY_LIMIT, R.RUNTIME_ERROR, R.SIGNALLED}, SMALL),
    "memory_small_programs": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_page_tables": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_shared_dropped": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_shared_by_children": Attack({R.MEMORY_LIMIT}, SMALL),
    "memory_vmsplice": Attack({R.PASSED, R.MEMORY_LIMIT}, SMALL, "contained"),
    "memory_netlink": Attack({R.PASSED, R.MEMORY_LIMIT}, SMALL, "contained"),
    "memory_tmpfs": Attack({R.DISK_LIMIT}),
    "memory_dev_shm": Attack({R.DISK_LIMIT}),
    "disk_fill": Attack({R.DISK_LIMIT}),
    "inode_fill": Attack({R.DISK_LIMIT}),
    "inode_fill_everywhere": Attack({R.DISK_LIMIT}),
    "sparse_file": Attack({R.DISK_LIMIT, R.RUNTIME_ERROR}),
    "deep_directories": CONTAINED,
    "deep_directories_locked": CONTAINED,
    "odd_names": CONTAINED,
    "chmod_zero": CONTAINED,
    "chmod_sticky": CONTAINED,
    "chmod_the_place": CONTAINED,
    "open_unlinked": CONTAINED,
    "file_in_a_socket_cycle": CONTAINED,
    "output_flood": Attack({R.OUTPUT_LIMIT}),
    "output_flood_fast": Attack({R.OUTPUT_LIMIT}),
    "output_flood_stderr_ignored": CONTAINED,
    "recursion": Attack({R.SIGNALLED, R.MEMORY_LIMIT, R.RUNTIME_ERROR}, SMALL),
    # Time.
    "sleeps": Attack({R.WALL_TIMEOUT}, Limits(cpu_s=1.0, wall_s=1.0)),
    "busy_loop": Attack({R.CPU_TIMEOUT}, Limits(cpu_s=0.5, wall_s=5.0)),
    "busy_threads": Attack({R.CPU_TIMEOUT}, Limits(cpu_s=0.5, wall_s=5.0)),
    "cpu_hidden_in_children": Attack({R.CPU_TIMEOUT}, Limits(cpu_s=1.0, wall_s=10.0)),
    "cpu_in_unwaited_children": Attack({R.CPU_TIMEOUT}, Limits(cpu_s=1.0, wall_s=60.0)),
    "many_quick_children": Attack({R.PASSED}, Limits(cpu_s=3.0, wall_s=60.0), "contained"),
    "ignores_signals": Attack({R.CPU_TIMEOUT}, Limits(cpu_s=0.5, wall_s=5.0)),
    "stops_itself": Attack({R.WALL_TIMEOUT}, Limits(cpu_s=1.0, wall_s=1.0)),
    # Processes and signals.
    "stops_parent": CONTAINED,
    "kills_all": CONTAINED,
    "signals_pid_1": CONTAINED,
    "slows_pid_1": CONTAINED,
    "daemon_holds_pipe": CONTAINED,
    "daemon_busy": CONTAINED,
    "daemon_writes_later": CONTAINED,
    "exits_254": Attack({R.RUNTIME_ERROR}),
    "crashes": Attack({R.SIGNALLED}),
    "core_dump": Attack({R.SIGNALLED}),
    # What is not the sample's own.
    "reads_pid_1": CONTAINED,
    "own_descriptors": CONTAINED,
    "writes_outside": CONTAINED,
    "kernel_settings": CONTAINED,
    "writes_site_packages": CONTAINED,
    "poisons_interpreter": CONTAINED,
    "leaves_things": CONTAINED,
    "leaves_descriptor_state": CONTAINED,
    "locks_and_leases": CONTAINED,
    "touches_without_leaving": CONTAINED,
    "message_queues": CONTAINED,
    "network": CONTAINED._replace(lasting=None),
    "ports_in_time_wait": CONTAINED._replace(lasting=True),
    "socket_protocols": CONTAINED,
    "abstract_sockets": CONTAINED,
    "leaks_host": CONTAINED,
    # System calls.
    "attacks_warden_memory": CONTAINED,
    "refused_calls": CONTAINED,
    "asynchronous_io": CONTAINED,
    "calls_32_bit": CONTAINED,
    "mounts": Attack({R.POLICY_VIOLATION}),
    "reboots": Attack({R.POLICY_VIOLATION}),
    "pushes_terminal_input": CONTAINED,
    "becomes_root": CONTAINED,
}
X86_ONLY = {
    "asynchronous_io",
    "attacks_warden_memory",
    "calls_32_bit",
    "message_queues",
    "reboots",
    "refused_calls",
    "signals_pid_1",
    "slows_pid_1",
}


_NO_CGROUP = "gVisor ignores cgroups here: memory and inodes have no hard limit"
_ITS_CLOCK = "gVisor counts as CPU time what a busy host did not let a program run"
_ITS_PROC = "gVisor's /proc shows more of the first process, and less of oneself"
_ITS_OWNERS = "gVisor's F_GETOWN differs from sandbox to sandbox, and this one is replaced"
NOT_UNDER_GVISOR = {
    "attacks_warden_memory": _ITS_PROC,
    "becomes_root": _ITS_PROC,
    "cpu_in_unwaited_children": _ITS_CLOCK,
    "daemon_busy": _ITS_CLOCK,
    "file_in_a_socket_cycle": _ITS_OWNERS,
    "fork_bomb": _ITS_OWNERS,
    "fork_bomb_short_lived": _ITS_CLOCK,
    "inode_fill": _NO_CGROUP,
    "leaves_things": "gVisor lets everybody make device files; they open nothing of the host's",
    "many_quick_children": _ITS_CLOCK,
    "memory_children": _ITS_CLOCK,
    "memory_mmap": _NO_CGROUP,
    "memory_pipes": _NO_CGROUP,
    "memory_small_programs": _NO_CGROUP,
    "memory_sockets": "gVisor does not say what lies in sockets",
    "memory_tmpfs": _NO_CGROUP,
    "ports_in_time_wait": _ITS_OWNERS,
    "reads_pid_1": _ITS_PROC,
    "thread_bomb": _ITS_OWNERS,
}
"""What is not held against gVisor, and why; tests of their own show that nothing crosses there."""


def attack_sample(name: str) -> Sample:
    """Return the program as a sample that passes only if it saw nothing it should not see."""
    attack = ATTACKS[name]
    check = ProgramCheck(stdout=attack.says or None)
    code = (PROGRAMS / f"{name}.py").read_text()
    metadata = {"lasting": attack.lasting}
    return Sample(id=name, code=code, check=check, limits=attack.limits, metadata=metadata)


def here(name: str) -> bool:
    """False for programs that hold call numbers or code of another machine."""
    return name not in X86_ONLY or os.uname().machine == "x86_64"


def programs() -> set[str]:
    """Return the names of all programs that attack their sandbox."""
    files = {path.stem for path in PROGRAMS.glob("*.py")}
    return {name for name in files if not name.startswith(("cheat_", "leak_"))}
