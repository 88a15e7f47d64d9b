import shelve
with shelve.open("s") as s: s["k"] = {"a": [1, 2]}
with shelve.open("s") as s: print(dict(s))
