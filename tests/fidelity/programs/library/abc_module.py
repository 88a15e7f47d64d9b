import abc, collections.abc, numbers
class A(abc.ABC):
    @abc.abstractmethod
    def f(self): ...
class B(A):
    def f(self): return 1
A.register(int)
print(isinstance(5, A), issubclass(B, A), B().f(), isinstance([], collections.abc.Sequence), isinstance(1, numbers.Real))
try:
    A()
except TypeError as error:
    print(error)
