def fail():
    inner()
def inner():
    raise LookupError("in the helper")
