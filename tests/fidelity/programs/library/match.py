def what(x):
    match x:
        case {"kind": str(k), **rest}: return k, rest
        case [1, *others] | (2, *others): return others
        case int() | float() as n if n > 5: return n
        case None: return "nothing"
        case _: return "other"
print([what(x) for x in ({"kind": "a", "b": 1}, [1, 2, 3], 7.5, None, "s")])
