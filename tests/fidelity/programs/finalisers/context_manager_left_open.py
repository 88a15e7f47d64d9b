import contextlib
@contextlib.contextmanager
def place():
    try:
        yield
    finally:
        print("left")
stack = contextlib.ExitStack()
stack.enter_context(place())
