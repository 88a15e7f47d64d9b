import os
print("buffered")
os.close(1)
raise ValueError("and an error")
