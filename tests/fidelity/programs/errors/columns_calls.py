def f(**kwargs): return kwargs["a"]["b"]["c"]
print(f(a={"b": {}}), f(a=1))
