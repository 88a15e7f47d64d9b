import linecache
print(repr(linecache.getline(__file__, 1)), linecache.getlines(__file__)[-1:])
print(linecache.getline("main.py", 2))
linecache.checkcache()
