import sys, collections, typing, enum
Point = collections.namedtuple("Point", "x y")
class Colour(enum.Enum):
    RED = 1
Made = enum.Enum("Made", "A B")
T = typing.TypeVar("T")
Row = typing.NamedTuple("Row", [("a", int)])
Movie = typing.TypedDict("Movie", {"name": str})
print(Point.__module__, Colour.__module__, Made.__module__, T.__module__, Row.__module__, Movie.__module__)
print(Point(1, 2), Colour.RED, Made.A, typing.get_type_hints(Movie))
