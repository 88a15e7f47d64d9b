import builtins
original = builtins.print
builtins.print = lambda *a, **k: original("[", *a, "]", **k)
print("wrapped")
builtins.len = lambda x: -1
original(len("abc"))
del builtins.open
