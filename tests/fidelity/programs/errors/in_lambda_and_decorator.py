def deco(f):
    def inner(*a): return f(*a)
    return inner
@deco
def g(x): return (lambda y: y.missing)(x)
g(1)
