import os
print(__file__, os.path.abspath(__file__), os.listdir("."), os.getcwd())
print(open(__file__).read() == open("main.py").read())
info = os.stat(__file__)
print(oct(info.st_mode), info.st_uid == os.getuid(), info.st_nlink, info.st_size)
info = os.stat(".")
print(oct(info.st_mode))
