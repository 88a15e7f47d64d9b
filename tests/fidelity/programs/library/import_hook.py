import sys, importlib.abc, importlib.machinery
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.startswith("virtual"): return importlib.machinery.ModuleSpec(name, self)
    def exec_module(self, module): module.answer = 42
sys.meta_path.insert(0, Finder())
import virtual_thing
print(virtual_thing.answer, virtual_thing)
