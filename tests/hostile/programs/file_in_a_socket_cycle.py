# Tries: keep a file that has no name any more, in a message between two sockets of which each
# waits inside the other. No process holds it, and only the kernel's collector finds it.
import array
import os
import socket

held = os.open("/tmp/held", os.O_CREAT | os.O_RDWR)
for _ in range(48):
    os.write(held, bytes(1 << 20))
os.unlink("/tmp/held")
for _ in range(8):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    inside = array.array("i", [one.fileno(), other.fileno(), held])
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, inside)])
print("contained", flush=True)
os._exit(0)
