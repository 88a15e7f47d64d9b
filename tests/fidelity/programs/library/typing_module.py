import typing, sys
from typing import *
T = TypeVar("T")
class Box(Generic[T]):
    def __init__(self, v: T): self.v = v
class P(Protocol):
    def close(self) -> None: ...
print(Box[int](1).v, Box[int], get_type_hints(Box.__init__), Optional[int], list[int] | None, runtime_checkable(P))
print(Literal["a"], Annotated[int, 5], Callable[[int], str], TypedDict("D", {"a": int}), NewType("N", int)(3))
@overload
def f(a: int) -> int: ...
@overload
def f(a: str) -> str: ...
def f(a): return a
print(get_overloads(f) and len(get_overloads(f)))
