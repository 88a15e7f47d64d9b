import socket, subprocess, tempfile
open("f", "w").write("x")
s = socket.socket()
d = tempfile.TemporaryDirectory()
p = subprocess.Popen(["true"], stdout=subprocess.PIPE)
p.wait()
