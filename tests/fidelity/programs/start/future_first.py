"""Doc."""
from __future__ import annotations
import __future__
def f(x: undefined_name) -> another: ...
print(f.__annotations__, annotations is __future__.annotations)
print(eval("lambda: 0").__code__.co_flags & __future__.annotations.compiler_flag)
