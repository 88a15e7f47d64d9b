import traceback
def a():
    b()
def b():
    raise ValueError("deep", 1)
try:
    a()
except ValueError:
    traceback.print_exc()
    print(traceback.format_exc())
    import sys
    print(traceback.extract_tb(sys.exc_info()[2]))
