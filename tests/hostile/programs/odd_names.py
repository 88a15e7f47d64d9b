# Tries: leave files whose names are no text, hold line ends, or look like options.
import os

for place in (b"/work", b"/tmp", b"/dev/shm"):
    for name in (b"a\nb", b"\xff\xfe", b"-rf", b" ", b"\x01\x1b[2J", b"\xed\xa0\x80", b"x" * 255, b"..."):
        with open(place + b"/" + name, "wb") as file:
            file.write(name)
        os.mkdir(place + b"/d" + name[:200])
        open(place + b"/d" + name[:200] + b"/" + name, "wb").close()
print("contained")
