import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s:%(name)s:%(filename)s:%(lineno)d:%(funcName)s:%(threadName)s:%(module)s:%(pathname)s:%(message)s")
def f():
    logging.warning("in f")
f()
logging.getLogger("a.b").error("outside")
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("caught")
