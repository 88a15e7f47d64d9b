import socket, urllib.request, urllib.error
try:
    socket.create_connection(("192.0.2.1", 80), timeout=0.2)
except OSError as error:
    print(error)
server = socket.socket()
try:
    server.bind(("127.0.0.1", 0)); server.listen()
    client = socket.create_connection(server.getsockname()); c, _ = server.accept()
    client.sendall(b"loop"); print(c.recv(10))
except OSError as error:
    print(error)
a, b = socket.socketpair(); a.send(b"pair"); print(b.recv(10))
try:
    urllib.request.urlopen("http://example.invalid/")
except urllib.error.URLError as error:
    print(type(error))
