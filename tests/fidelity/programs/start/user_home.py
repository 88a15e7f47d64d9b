import os, getpass, pathlib, platform, socket
print(os.path.expanduser("~"), pathlib.Path.home(), getpass.getuser())
print(platform.python_implementation(), platform.system(), platform.machine(), platform.python_version())
print(socket.gethostname(), platform.node(), os.uname().sysname)
