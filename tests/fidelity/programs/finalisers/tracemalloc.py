import tracemalloc, warnings
warnings.simplefilter("always")
tracemalloc.start()
f = open(__file__)
del f
