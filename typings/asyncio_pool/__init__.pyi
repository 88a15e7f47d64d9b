from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

class AioPool:
    def __init__(self, size: int = ...) -> None: ...
    async def map(self, fn: Callable[[T], Awaitable[R]], iterable: Iterable[T]) -> list[R]: ...
