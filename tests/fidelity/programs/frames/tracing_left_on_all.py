import sys, threading
def tracer(frame, event, arg):
    print(event, frame.f_code.co_name)
sys.settrace(tracer)
def f(): return 1
f()
