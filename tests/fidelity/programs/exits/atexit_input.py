import atexit
atexit.register(lambda: print(input("? ")))
