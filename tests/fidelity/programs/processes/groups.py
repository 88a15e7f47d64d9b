import os, signal
print(os.getpgrp() == os.getpid())
try:
    os.setsid()
except PermissionError as error:
    print(error)
