import trace
t = trace.Trace(count=1, trace=0)
def f(n):
    for i in range(n): pass
t.runfunc(f, 3)
print(sorted((k[0].rpartition("/")[2], k[1], v) for k, v in t.results().counts.items() if k[0].endswith("main.py")))
