import weakref
class Base: pass
items = [Base() for _ in range(3)]
refs = [weakref.finalize(item, print, "finalized", number) for number, item in enumerate(items)]
del Base
