try:
    import warden
except ModuleNotFoundError as error:
    print(error)
import sys, importlib.util
print([name for name in sys.modules if "warden" in name or "veristone" in name])
print(importlib.util.find_spec("warden"))
