def steps():
    try:
        yield 1
    finally:
        print("generator closed")
g = steps()
next(g)
