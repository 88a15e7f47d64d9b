import contextlib
@contextlib.contextmanager
def place(name):
    print("enter", name)
    try: yield name
    finally: print("exit", name)
with contextlib.ExitStack() as stack:
    for n in "ab": stack.enter_context(place(n))
    stack.callback(print, "callback")
with contextlib.suppress(ZeroDivisionError): 1 / 0
with place("error"): raise ValueError("through the manager")
