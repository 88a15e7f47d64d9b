import sys, types
new = types.ModuleType("__main__")
sys.modules["__main__"] = new
print(__name__, value if "value" in globals() else "own globals")
def f(): return __name__
print(f())
