import inspect, functools
def f(a, /, b: int = 1, *c, d, **e) -> str: "doc"
class C:
    def m(self): ...
    @classmethod
    def k(cls): ...
    @staticmethod
    def s(): ...
print(inspect.signature(f), inspect.getfullargspec(f), [n for n, _ in inspect.getmembers(C, inspect.isfunction)], inspect.isclass(C))
print([n for n, o in inspect.getmembers(inspect.getmodule(f), inspect.isfunction)], inspect.getmodulename(__file__))
