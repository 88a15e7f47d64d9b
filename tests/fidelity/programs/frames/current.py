import sys, inspect
frame = sys._getframe()
print(frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno, frame.f_globals is globals())
print(frame.f_locals is globals(), frame.f_trace, frame.f_code.co_flags, frame.f_code.co_firstlineno)
def f():
    here = inspect.currentframe()
    print(here.f_code.co_name, here.f_back is frame, inspect.getframeinfo(here))
f()
print(inspect.stack()[0].function, inspect.stack()[0].code_context)
