import logging, atexit
atexit.register(lambda: print(open("app.log").read()))
logging.basicConfig(filename="app.log", level=logging.INFO, format="%(message)s")
logging.info("to the file"); logging.captureWarnings(True)
import warnings; warnings.warn("captured")
