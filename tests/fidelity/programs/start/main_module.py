import sys
main = sys.modules["__main__"]
print(list(vars(main)))
for name in ("__name__", "__doc__", "__package__", "__spec__", "__file__", "__cached__"):
    print(name, repr(vars(main).get(name, "absent")))
print(type(__loader__), __loader__.name, __loader__.path)
print(type(__builtins__), __builtins__.__name__, repr(main))
print(globals() is vars(main), main.__dict__ is globals(), locals() is globals())
