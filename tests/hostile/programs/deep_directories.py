# Tries: nest directories deeper than any recursion or path name reaches.
import os

for _ in range(6000):
    os.mkdir("d")
    os.chdir("d")
open("bottom", "w").close()
print("contained")
