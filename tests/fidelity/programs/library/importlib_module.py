import importlib, sys, importlib.util, pkgutil
open("made.py", "w").write("value = 1\nprint('loaded')")
importlib.invalidate_caches()
import made
open("made.py", "w").write("value = 22\nprint('loaded again')")
print(importlib.reload(made).value, made.__spec__.origin, importlib.import_module("made") is made)
spec = importlib.util.spec_from_file_location("other", "made.py"); module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
print(module.__name__, "other" in sys.modules, importlib.util.find_spec("nothing"), [m.name for m in pkgutil.iter_modules(["."])])
print(__import__("made") is made)
