import atexit, sys
def show():
    print(sorted(name for name in globals()))
    print(sys.modules["__main__"], __name__)
    import json
    print(json.dumps([1]), value)
value = [1]
atexit.register(show)
