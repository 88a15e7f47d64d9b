import json, pickle, re, ast, copy
def attempt(name, action):
    try:
        print(name, action())
    except (RecursionError, MemoryError, ValueError) as error:
        print(name, type(error).__name__, error)
attempt("json", lambda: json.loads("[" * 100000))
nested = []
for _ in range(100000):
    nested = [nested]
attempt("repr", lambda: len(repr(nested)))
attempt("dumps", lambda: len(json.dumps(nested)))
attempt("pickle", lambda: len(pickle.dumps(nested)))
attempt("equal", lambda: nested == [nested])
attempt("eval", lambda: eval("(" * 500 + ")" * 500))
attempt("copy", lambda: copy.deepcopy(nested) is None)
attempt("re", lambda: re.match(r"(a|b)*c", "ab" * 50000))
attempt("hash", lambda: hash(eval("(" * 50 + "1" + ",)" * 50)))
