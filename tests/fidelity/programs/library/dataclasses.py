from __future__ import annotations
from dataclasses import dataclass, field, asdict, replace, fields, KW_ONLY
@dataclass(order=True, frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False)
    _: KW_ONLY
    z: float = 0.5
print(Point(1, 2), asdict(Point(1)), replace(Point(1), y=5), [f.type for f in fields(Point)], Point(1) < Point(2))
