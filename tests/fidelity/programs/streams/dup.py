import os, sys
saved = os.dup(1)
os.dup2(os.open("out.txt", os.O_CREAT | os.O_RDWR), 1)
print("to the file", flush=True)
os.dup2(saved, 1)
print("back", saved, repr(open("out.txt").read()))
