"""The system call filter, run in an interpreter over every call there is."""

import os
import re
import struct
from pathlib import Path

import pytest

from veristone.sandbox_images.warden import seccomp

MACHINES = ["x86_64", "aarch64"]
MASK = 0xFFFFFFFF
SELF, OTHER = 0, 4711
NAMESPACES = [1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)]  # NEWNS, CGROUP, UTS, ... NET
THREAD = 0x3D0F00  # what pthread_create passes to clone
FORK = 0x01200011  # what fork passes
TIOCSTI, TIOCLINUX, TCGETS = 0x5412, 0x541C, 0x5401


def run(code: bytes, number: int, args: tuple[int, ...], arch: int) -> int:
    """Interpret classic BPF on one `struct seccomp_data`; return the answer."""
    data = struct.pack("=iIQ6Q", number & 0x7FFFFFFF, arch, 0, *(args + (0,) * 6)[:6])
    data = struct.pack("=I", number & MASK) + data[4:]
    program = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    accumulator, position = 0, 0
    while True:
        operation, yes, no, value = program[position]
        position += 1
        if operation == 0x06:
            return value
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif operation == 0x15:
            position += yes if accumulator == value else no
        elif operation == 0x35:
            position += yes if accumulator >= value else no
        elif operation == 0x45:
            position += yes if accumulator & value else no
        else:
            raise AssertionError(f"unknown operation {operation:#x}")


def ask(machine: str, number: int, *args: int) -> int:
    return run(seccomp.program(machine), number, args, seccomp._ARCH[machine])


def table(machine: str) -> dict[int, int]:
    """What the tables of the module say: call number to answer."""
    column = MACHINES.index(machine)
    answers: dict[int, int] = {}
    for names, answer in (
        (seccomp._REFUSED, seccomp.EPERM),
        (seccomp._MISSING, seccomp.ENOSYS),
        (seccomp._KILLED, seccomp.KILL),
    ):
        for name, numbers in names.items():
            number = numbers[column]
            if number is not None:
                assert number not in answers, f"{name} is in two tables"
                answers[number] = answer
    return answers


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_gets_the_answer_of_the_tables(machine: str) -> None:
    refused = table(machine)
    column = MACHINES.index(machine)
    # With every argument zero: family 0 is none of the four, class 0 no class of ioprio_set.
    special = {
        seccomp._SOCKET[column]: seccomp.EAFNOSUPPORT,
        seccomp._SOCKETPAIR[column]: seccomp.EAFNOSUPPORT,
        seccomp._PRIORITY["ioprio_set"][0][column]: seccomp.EPERM,
    }
    for number in range(601):
        wanted = refused.get(number, seccomp.ALLOW)
        if number > seccomp._NEWEST:
            wanted = seccomp.ENOSYS
        assert number not in refused or number not in special
        wanted = special.get(number, wanted)
        assert ask(machine, number) == wanted, number


@pytest.mark.parametrize("machine", MACHINES)
def test_every_jump_stays_inside_and_every_path_ends(machine: str) -> None:
    code = seccomp.program(machine)
    assert len(code) % 8 == 0
    count = len(code) // 8
    assert count <= 4096  # BPF_MAXINSNS
    for index in range(count):
        operation, yes, no, _ = struct.unpack_from("=HBBI", code, index * 8)
        if operation & 0x07 == 0x05:
            assert index + 1 + max(yes, no) < count
    assert struct.unpack_from("=HBBI", code, (count - 1) * 8)[0] == 0x06


@pytest.mark.parametrize("machine", MACHINES)
def test_clone_makes_processes_and_threads_but_no_namespaces(machine: str) -> None:
    clone = seccomp._CLONE[MACHINES.index(machine)]
    for flags in (0, FORK, THREAD, 17):
        assert ask(machine, clone, flags) == seccomp.ALLOW
    for namespace in NAMESPACES:
        assert ask(machine, clone, namespace | 17) == seccomp.EPERM
        assert ask(machine, clone, namespace | 17 | 1 << 40) == seccomp.EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("call", [seccomp._SOCKET, seccomp._SOCKETPAIR])
def test_sockets_of_four_families_and_few_protocols(machine: str, call: tuple[int, int]) -> None:
    number = call[MACHINES.index(machine)]
    internet = {0, 1, 6, 17, 58, 255}
    allowed = {1: {0, 1}, 2: internet, 10: internet, 16: {0, 4}}
    for family in range(64):
        for protocol in (0, 1, 2, 4, 6, 16, 17, 58, 132, 255, 262):  # SCTP is 132, MPTCP 262
            wanted = seccomp.EAFNOSUPPORT
            if family in allowed:
                known = protocol in allowed[family]
                wanted = seccomp.ALLOW if known else seccomp.EPROTONOSUPPORT
            assert ask(machine, number, family, 1, protocol) == wanted, (family, protocol)


@pytest.mark.parametrize("machine", MACHINES)
def test_no_flow_label_is_made(machine: str) -> None:
    number = seccomp._SETSOCKOPT[MACHINES.index(machine)]
    for level, option, answer in (
        (41, 32, seccomp.EPERM),
        (41, 33, seccomp.ALLOW),
        (1, 32, seccomp.ALLOW),
        (41 | 1 << 32, 32 | 1 << 32, seccomp.EPERM),
    ):
        assert ask(machine, number, 3, level, option) == answer


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_set_that_stays_with_a_file(machine: str) -> None:
    column = MACHINES.index(machine)
    for numbers, refused, allowed in (
        (seccomp._FCNTL, (1036, 1038), (0, 4, 1031, 1035, 1037)),  # F_GET_RW_HINT and others
        (seccomp._IOCTL, (0x40086602, 0x401C5820), (0x80086601, TCGETS)),  # FS_IOC_GETFLAGS
    ):
        for request in refused:
            assert ask(machine, numbers[column], 3, request) == seccomp.EPERM
        for request in allowed:
            assert ask(machine, numbers[column], 3, request) == seccomp.ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_prlimit_reaches_nobody_else(machine: str) -> None:
    number = seccomp._PRLIMIT[MACHINES.index(machine)]
    assert ask(machine, number, SELF, 7) == seccomp.ALLOW
    assert ask(machine, number, OTHER, 7) == seccomp.EPERM
    assert ask(machine, number, 1, 7) == seccomp.EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", seccomp._SCHEDULE)
def test_the_warden_is_not_rescheduled(machine: str, name: str) -> None:
    number = seccomp._SCHEDULE[name][MACHINES.index(machine)]
    for pid, answer in ((SELF, seccomp.ALLOW), (OTHER, seccomp.ALLOW), (1, seccomp.EPERM)):
        assert ask(machine, number, pid) == answer
        assert ask(machine, number, pid | 7 << 32) == answer  # a pid is the low half


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", seccomp._PRIORITY)
def test_the_warden_keeps_its_priority(machine: str, name: str) -> None:
    """Neither by its id nor among all processes of a group or a user."""
    numbers, process = seccomp._PRIORITY[name]
    number = numbers[MACHINES.index(machine)]
    assert ask(machine, number, process, SELF) == seccomp.ALLOW
    assert ask(machine, number, process, OTHER) == seccomp.ALLOW
    assert ask(machine, number, process, 1) == seccomp.EPERM
    for which in set(range(5)) - {process}:
        for who in (SELF, OTHER, 1):
            assert ask(machine, number, which, who) == seccomp.EPERM


def test_without_a_cgroup_no_memory_is_held_that_nobody_counts() -> None:
    machine = os.uname().machine
    if machine not in MACHINES:
        pytest.skip(f"no filter for {machine}")
    extra = seccomp.without_uncounted_memory()
    assert extra is not None
    code = extra._code.raw
    column, arch = MACHINES.index(machine), seccomp._ARCH[machine]
    uncounted = {numbers[column] for numbers in seccomp._UNCOUNTED.values()}
    for number in range(601):
        wanted = seccomp.ENOSYS if number in uncounted else seccomp.ALLOW
        assert run(code, number, (), arch) == wanted
    # What makes itself unreadable could not be counted (PR_SET_DUMPABLE is 4, PR_SET_NAME 15).
    for option, wanted in ((4, seccomp.EPERM), (4 | 1 << 32, seccomp.EPERM), (15, seccomp.ALLOW)):
        assert run(code, seccomp._PRCTL[column], (option,), arch) == wanted


@pytest.mark.parametrize("machine", MACHINES)
def test_no_ioctl_types_into_a_terminal(machine: str) -> None:
    number = seccomp._IOCTL[MACHINES.index(machine)]
    assert ask(machine, number, 0, TCGETS) == seccomp.ALLOW
    for request in (TIOCSTI, TIOCLINUX):
        assert ask(machine, number, 0, request) == seccomp.EPERM
        # The kernel looks at the low half only, and so must the filter.
        assert ask(machine, number, 0, request | 1 << 32) == seccomp.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    code = seccomp.program(machine)
    for arch in (0x40000003, 0x40000028, 0, *seccomp._ARCH.values()):  # i386, arm, none
        if arch != seccomp._ARCH[machine]:
            assert run(code, 1, (), arch) == seccomp.KILL


def test_x32_calls_do_not_exist() -> None:
    for number in (0, 1, 101, 165, 512, 547):
        assert ask("x86_64", number | 0x40000000) == seccomp.ENOSYS
    assert ask("x86_64", MASK) == seccomp.ENOSYS


def test_an_unknown_machine_is_no_silent_success() -> None:
    with pytest.raises(KeyError):
        seccomp.program("riscv64")


def _header(machine: str) -> Path | None:
    places = {
        "x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
        "aarch64": ["/usr/include/asm-generic/unistd.h"],
    }
    return next((Path(place) for place in places[machine] if Path(place).exists()), None)


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernel_headers(machine: str) -> None:
    header = _header(machine)
    if header is None:
        pytest.skip("no kernel headers here")
    text = header.read_text()
    known = {name: int(n) for name, n in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    column = MACHINES.index(machine)
    tables = seccomp._REFUSED | seccomp._MISSING | seccomp._KILLED
    tables |= {"clone": seccomp._CLONE, "socket": seccomp._SOCKET, "ioctl": seccomp._IOCTL}
    tables |= {"socketpair": seccomp._SOCKETPAIR, "prlimit64": seccomp._PRLIMIT}
    tables |= seccomp._SCHEDULE | {name: n for name, (n, _) in seccomp._PRIORITY.items()}
    tables |= {"setsockopt": seccomp._SETSOCKOPT, "fcntl": seccomp._FCNTL} | seccomp._UNCOUNTED
    tables |= {"prctl": seccomp._PRCTL}
    wrong = {
        name: (numbers[column], known[name])
        for name, numbers in tables.items()
        if name in known and numbers[column] != known[name]
    }
    assert not wrong
    # Every name of the table exists, or is newer than these headers.
    newest = max(known.values())
    missing = {n for n, v in tables.items() if v[column] is not None and n not in known}
    assert all((tables[name][column] or 0) > newest for name in missing), missing
