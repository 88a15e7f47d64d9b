class Mine(Exception):
    def __str__(self): return "my text"
class Outer:
    class Inner(Exception): ...
try:
    raise Outer.Inner("x")
except Exception as error:
    raise Mine() from error
