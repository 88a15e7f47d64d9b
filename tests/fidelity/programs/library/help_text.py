def f(a: int) -> int:
    """Adds one."""
    return a + 1
class C:
    """A class."""
    x = 1
    def m(self): "A method."
help(f); help(C); help("keywords")
