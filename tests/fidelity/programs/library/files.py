import os, io
with open("f", "w", encoding="utf-16") as f: f.write("a\nb\r\n")
print(open("f", "rb").read(), open("f", encoding="utf-16").readlines(), open("f", "rb").peek(1)[:1])
try:
    open("f", encoding="ascii").read()
except UnicodeDecodeError as error:
    print(error)
try:
    open("/etc/shadow")
except OSError as error:
    print(type(error).__name__)
try:
    open("/new-file", "w")
except OSError as error:
    print(error)
os.symlink("f", "link"); os.link("f", "hard"); print(os.readlink("link"), os.stat("f").st_nlink, os.path.realpath("link"))
print(os.open("f", os.O_RDONLY) > 2, open("f").encoding, io.text_encoding(None), os.access("f", os.X_OK))
