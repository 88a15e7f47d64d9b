class Meta(type):
    def __new__(m, name, bases, space, **kw): print("new", name, kw, space.get("__module__"), space.get("__qualname__")); return super().__new__(m, name, bases, space)
    def __init_subclass__(cls): print("sub")
class Field:
    def __set_name__(self, owner, name): print("named", owner.__name__, name)
    def __get__(self, i, o): return (i is None, o.__name__)
class A(metaclass=Meta, flag=1):
    field = Field()
    def __init_subclass__(cls, **kw): print("subclass", cls.__name__)
class B(A): ...
print(A.field, B().field, A.__mro__, type(A))
