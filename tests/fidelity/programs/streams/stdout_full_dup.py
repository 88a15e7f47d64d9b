import os
print("does not fit")
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
