import logging
logging.warning("no stack", stacklevel=1)
def f(): logging.getLogger("x").warning("caller", stacklevel=2)
f()
