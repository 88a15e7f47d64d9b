import enum
class Colour(enum.Flag):
    RED = enum.auto(); GREEN = enum.auto(); BOTH = RED | GREEN
class Level(enum.StrEnum):
    LOW = enum.auto()
print(Colour.BOTH, Colour(1) | Colour.GREEN, list(Colour), Level.LOW, repr(Level.LOW), Colour.RED.__class__.__module__)
