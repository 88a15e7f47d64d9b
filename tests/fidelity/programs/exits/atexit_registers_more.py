import atexit
def first():
    print("first")
    atexit.register(print, "registered inside")
atexit.register(first)
