def g():
    yield 1
    raise RuntimeError("inside")
list(g())
