# Tries: reach anything over any kind of socket.
import socket
import struct

done = []


def tries(name, action):
    try:
        action()
    except OSError:
        return
    done.append(name)


def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(0.3)
        one.connect(address)
        one.send(b"x")


INET, INET6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
for host in ("1.1.1.1", "10.0.0.1", "172.17.0.1", "192.168.0.1", "169.254.169.254"):
    tries(f"tcp {host}", lambda: connect(INET, TCP, (host, 80)))
    tries(f"udp {host}", lambda: connect(INET, UDP, (host, 53)))
tries("tcp6", lambda: connect(INET6, TCP, ("2606:4700:4700::1111", 80)))
tries("udp6", lambda: connect(INET6, UDP, ("2606:4700:4700::1111", 53)))
tries("link local", lambda: connect(INET6, UDP, ("fe80::1%lo", 53)))
tries("dns", lambda: socket.getaddrinfo("example.com", 80))
tries("raw", lambda: socket.socket(INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
tries("raw6", lambda: socket.socket(INET6, socket.SOCK_RAW, 58))
tries("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
tries("packet datagram", lambda: socket.socket(socket.AF_PACKET, UDP, 3))
for number in range(64):
    if number not in (socket.AF_UNIX, INET, INET6, socket.AF_NETLINK):
        for kind in (1, 2, 3, 5):
            tries(f"family {number}", lambda: socket.socket(number, kind))
for port in (22, 80, 2375, 2376, 8080):
    tries(f"vsock {port}", lambda: connect(40, TCP, (2, port)))


def route(message):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.bind((0, 0))
        link.send(message)
        code = struct.unpack_from("=i", link.recv(4096), 16)[0]
        if code:
            raise OSError(-code, "refused")


head = struct.Struct("=IHHII")
up = struct.pack("=BxHiII", 0, 0, 1, 1, 1)
tries("netlink set link", lambda: route(head.pack(16 + len(up), 19, 5, 1, 0) + up))
address = struct.pack("=BBBBI", 2, 24, 0, 0, 1) + struct.pack("=HH4s", 8, 2, bytes((10, 0, 0, 9)))
tries("netlink new address", lambda: route(head.pack(16 + len(address), 20, 0x405, 2, 0) + address))
multicast = socket.socket(INET, UDP)
tries("multicast", lambda: multicast.sendto(b"x", ("224.0.0.1", 9)))
tries("broadcast", lambda: multicast.sendto(b"x", ("255.255.255.255", 9)))
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/veristone/warden.sock", "/run/dbus/system_bus_socket"):
    tries(path, lambda: connect(socket.AF_UNIX, TCP, path))
print("contained" if not done else done)
