import os
os.chdir("/")
raise ValueError("still found")
