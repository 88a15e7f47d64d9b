def __getattr__(name): return f"made {name}"
import __main__
print(__main__.anything)
def __dir__(): return ["a"]
print(dir(__main__))
