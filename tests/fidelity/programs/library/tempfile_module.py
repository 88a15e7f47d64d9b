import tempfile, os, pathlib, shutil, glob
with tempfile.TemporaryDirectory() as d:
    p = pathlib.Path(d, "a", "b"); p.mkdir(parents=True); (p / "f.txt").write_text("é")
    print(sorted(x.name for x in pathlib.Path(d).rglob("*")), (p / "f.txt").stat().st_size)
    shutil.copytree(d, "copy"); print(glob.glob("copy/**/*.txt", recursive=True))
print(os.path.exists(d), tempfile.gettempprefix())
with tempfile.NamedTemporaryFile("w+") as f: f.write("x"); f.seek(0); print(f.read(), oct(os.stat(f.name).st_mode))
with tempfile.SpooledTemporaryFile() as f: print(f._rolled)
