def f(x: int): ...
print(f.__annotations__)
print(f.__code__.co_flags & 0xFFF0000)
print(compile("1", "x", "eval").co_flags)
