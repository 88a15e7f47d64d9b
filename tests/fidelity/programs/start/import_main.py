import __main__
import sys
value = 41
__main__.value += 1
print(value, __main__ is sys.modules["__main__"], sys.modules[__name__].value)
