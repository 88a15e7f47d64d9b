import atexit, sys
atexit.register(print, "still runs")
atexit.register(sys.exit, 3)
