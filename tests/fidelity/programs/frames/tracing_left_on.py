import sys, threading
def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        print(event, frame.f_code.co_name, file=sys.stderr)
    return tracer
sys.settrace(tracer)
def f(): return 1
f()
