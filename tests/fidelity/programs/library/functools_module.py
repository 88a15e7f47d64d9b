import functools, operator, itertools
@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(200), fib.cache_info(), functools.reduce(operator.mul, range(1, 20)))
@functools.singledispatch
def show(x): return "any"
@show.register
def _(x: int): return "int"
print(show(1), show("a"), functools.partial(print, 1), list(itertools.accumulate(range(5))))
class C:
    @functools.cached_property
    def p(self): print("computed"); return 1
c = C(); c.p; c.p
