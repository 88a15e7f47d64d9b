"""How much memory lies in the sockets of this network namespace, asked over sock_diag(7).

What a process has sent and nobody has received belongs to no process's size. Kernels without
sock_diag, gVisor's for one, answer nothing, and nothing is counted.
"""

from __future__ import annotations

import os
import re
import socket
import struct

FEW = 16
"""So many sockets are not looked at: a walk over all of them may take milliseconds."""

_SOCK_DIAG, _BY_FAMILY = 4, 20
_DUMP, _DONE, _ERROR = 0x301, 3, 2  # NLM_F_REQUEST | NLM_F_DUMP
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")
_ALL_STATES = 0xFFFFFFFF
_UNIX, _INET, _INET6 = 1, 2, 10
_TCP, _UDP = 6, 17
# (size of the fixed part of an answer, number of the attribute with struct sk_meminfo)
_UNIX_ANSWER, _INET_ANSWER = (16, 5), (72, 7)
_UNIX_REQUEST = struct.pack("=BBHIII8x", _UNIX, 0, 0, _ALL_STATES, 0, 0x30)  # MEMINFO, RQLEN
_UNIX_QUEUE = 4
_USED = re.compile(rb"used (\d+)")
_TCP_USED, _UDP_USED = re.compile(rb"TCP: inuse (\d+)"), re.compile(rb"UDP: inuse (\d+)")


def held_bytes(sockstat: int) -> int:
    """Return what all sockets hold; `sockstat` is the open file /proc/net/sockstat."""
    if sockstat < 0:
        return 0
    text = os.pread(sockstat, 4096, 0)
    if _number(_USED, text) <= FEW:
        return 0
    try:
        with socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG
        ) as asked:
            asked.settimeout(0.5)
            total = _unix(asked)
            for used, protocol in ((_TCP_USED, _TCP), (_UDP_USED, _UDP)):
                if _number(used, text):
                    total += _inet(asked, _INET, protocol) + _inet(asked, _INET6, protocol)
            return total
    except OSError:
        return 0


def _number(pattern: re.Pattern[bytes], text: bytes) -> int:
    found = pattern.search(text)
    return int(found.group(1)) if found else 0


def _unix(asked: socket.socket) -> int:
    """What waits is charged to who sent it, as long as that one lives; else look who waits."""
    sent = waiting = 0
    for attributes in _answers(asked, _UNIX_REQUEST, _UNIX_ANSWER[0]):
        memory = attributes.get(_UNIX_ANSWER[1], bytes(36))
        sent += struct.unpack_from("=9I", memory)[2]
        waiting += struct.unpack_from("=I", attributes.get(_UNIX_QUEUE, bytes(4)))[0]
    return max(sent, waiting)


def _inet(asked: socket.socket, family: int, protocol: int) -> int:
    request = struct.pack("=BBBxI48x", family, protocol, 1 << 6, _ALL_STATES)  # SKMEMINFO
    total = 0
    for attributes in _answers(asked, request, _INET_ANSWER[0]):
        received, _, sent, _, ahead, queued, *_ = struct.unpack_from(
            "=9I", attributes.get(_INET_ANSWER[1], bytes(36))
        )
        total += received + max(sent, queued) + ahead
    return total


def _answers(asked: socket.socket, request: bytes, fixed: int) -> list[dict[int, bytes]]:
    """Ask for every socket; return the attributes of each."""
    length = _HEADER.size + len(request)
    asked.send(_HEADER.pack(length, _BY_FAMILY, _DUMP, 1, 0) + request)
    found: list[dict[int, bytes]] = []
    while True:
        data = asked.recv(1 << 16)
        at = 0
        while at + _HEADER.size <= len(data):
            size, kind, *_ = _HEADER.unpack_from(data, at)
            if kind in (_DONE, _ERROR) or size < _HEADER.size:
                return found
            found.append(_attributes(data[at + _HEADER.size + fixed : at + size]))
            at += (size + 3) & ~3


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            break
        found[kind] = data[at + _ATTRIBUTE.size : at + size]
        at += (size + 3) & ~3
    return found
