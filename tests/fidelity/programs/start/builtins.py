import builtins
print(sorted(vars(builtins)))
print(exit, quit, copyright, callable(help))
try:
    _
except NameError as error:
    print(error)
