import sys
def hook(kind, value, trace):
    print("hook", kind.__name__, value, trace.tb_frame.f_code.co_name, trace.tb_next, sys.exc_info())
sys.excepthook = hook
raise ValueError("for the hook")
