# Tries: leave a port behind that the next server cannot have for a minute.
import socket

listener = socket.socket()
listener.bind(("127.0.0.1", 8080))
listener.listen(16)
for _ in range(16):
    client = socket.create_connection(("127.0.0.1", 8080))
    server, _ = listener.accept()
    server.close()  # who closes first is the one that waits
    client.recv(1)
    client.close()
listener.close()
refused = False
try:
    socket.socket().bind(("127.0.0.1", 8080))
except OSError:
    refused = True
print("contained" if refused else "nothing was left", flush=True)
