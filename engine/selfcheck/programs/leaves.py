# Leaves files, a process, a port in TIME_WAIT and a file inside a cycle of sockets.
import array
import os
import socket
import time


def attack():
    for place in ("/work", "/tmp", "/dev/shm"):
        open(f"{place}/selfcheck", "w").close()
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    held = os.open("/tmp/held", os.O_CREAT | os.O_RDWR)
    os.write(held, bytes(32 << 20))
    os.unlink("/tmp/held")
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    inside = array.array("i", [one.fileno(), other.fileno(), held])
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, inside)])
    with socket.create_server(("127.0.0.1", 8123)) as listener:
        client = socket.create_connection(("127.0.0.1", 8123))
        server = listener.accept()[0]
        server.close()
        client.close()
    print("ran held", flush=True)
    os._exit(0)
