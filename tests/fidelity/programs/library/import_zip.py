import zipfile, sys
with zipfile.ZipFile("lib.zip", "w") as z: z.writestr("inzip.py", "def f(): raise ValueError('in a zip')")
sys.path.insert(0, "lib.zip")
import inzip
print(inzip.__file__, type(inzip.__loader__).__name__)
inzip.f()
