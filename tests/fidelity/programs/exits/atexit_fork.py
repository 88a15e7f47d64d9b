import atexit, os
def late():
    try:
        if os.fork() == 0: os._exit(0)
        print(os.wait()[1])
    except Exception as error:
        print(type(error).__name__, error)
atexit.register(late)
