import os
print("lost, buffered")
os._exit(5)
