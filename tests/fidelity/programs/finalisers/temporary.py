import tempfile, os
folder = tempfile.TemporaryDirectory()
file = tempfile.NamedTemporaryFile()
print(os.path.isdir(folder.name))
