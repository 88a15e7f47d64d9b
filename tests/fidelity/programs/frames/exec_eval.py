code = compile("x = 1\nraise KeyError(x)", "<made>", "exec")
try:
    exec(code)
except KeyError as error:
    import traceback
    traceback.print_exc()
exec("print(__name__, __file__)")
print(eval("x + 1"), "x" in globals())
