import sys
def profiler(frame, event, arg):
    print(event, frame.f_code.co_name, getattr(arg, "__name__", ""))
sys.setprofile(profiler)
def f(): return 1
f()
