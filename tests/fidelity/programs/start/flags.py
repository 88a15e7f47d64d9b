import sys
print(sys.flags, sys.warnoptions, sys._xoptions)
print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.int_info, sys.hash_info)
print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
print(sys.gettrace(), sys.getprofile(), sys.get_asyncgen_hooks(), sys.get_coroutine_origin_tracking_depth())
print(sys.displayhook, sys.excepthook, sys.breakpointhook, sys.unraisablehook is sys.__unraisablehook__)
print(hasattr(sys, "last_value"), hasattr(sys, "ps1"), sys.exc_info())
print(__debug__, sys.tracebacklimit if hasattr(sys, "tracebacklimit") else None)
print(sorted(name for name in vars(sys)))
