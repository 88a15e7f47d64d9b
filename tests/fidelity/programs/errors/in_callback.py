sorted([1, 2], key=lambda n: n.x)
