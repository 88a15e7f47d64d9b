import os
r, w = os.pipe()
if os.fork() == 0:
    os.close(r); os.write(w, b"from the child"); os._exit(0)
os.close(w)
print(os.read(r, 100), os.wait()[1])
