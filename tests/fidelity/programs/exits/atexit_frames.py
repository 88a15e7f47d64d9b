import atexit, sys, traceback
def show():
    traceback.print_stack(file=sys.stdout)
    print(len(traceback.extract_stack()))
atexit.register(show)
