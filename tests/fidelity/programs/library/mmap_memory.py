import mmap, os
m = mmap.mmap(-1, 100); m[:5] = b"hello"; print(m[:5], len(m))
if os.fork() == 0: m[:5] = b"child"; os._exit(0)
os.wait(); print(m[:5])
with open("f", "w+b") as f:
    f.write(b"0" * 10); f.flush(); mm = mmap.mmap(f.fileno(), 0); mm[0:1] = b"X"; mm.flush(); print(open("f").read())
