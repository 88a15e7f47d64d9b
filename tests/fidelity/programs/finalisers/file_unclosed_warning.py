import warnings
warnings.simplefilter("always")
def f():
    open("x.txt", "w").write("a")
f()
kept = open("x.txt")
