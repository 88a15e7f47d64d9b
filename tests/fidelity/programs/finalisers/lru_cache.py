import functools
class Speaks:
    def __del__(self): print("cached gone")
@functools.lru_cache
def make(): return Speaks()
make()
