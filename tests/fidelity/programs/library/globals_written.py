globals()["made"] = 1
print(made)
vars(__import__("sys").modules[__name__])["also"] = 2
print(also, __name__ in __import__("sys").modules)
