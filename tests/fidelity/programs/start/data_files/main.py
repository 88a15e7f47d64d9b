import os
for folder, _, files in sorted(os.walk(".")):
    print(folder, sorted(files))
print(open("data/input.txt").read())
os.mkdir("made"); open("made/x", "w").close()
os.rename("data", "renamed")
print(sorted(os.listdir(".")))
