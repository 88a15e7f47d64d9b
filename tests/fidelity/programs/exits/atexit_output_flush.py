import atexit, sys
atexit.register(lambda: (print("late"), sys.stdout.flush(), print("later")))
