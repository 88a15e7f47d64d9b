import sys
sys.modules["numpy"] = None
try:
    import numpy
except ImportError as error:
    print(error)
del sys.modules["json"] if "json" in sys.modules else sys.modules["os"]
