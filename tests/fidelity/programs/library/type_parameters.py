import sys
if sys.version_info >= (3, 12):
    exec("type Pair[T] = tuple[T, T]\ndef first[T](p: Pair[T]) -> T: return p[0]\nprint(Pair, first((1, 2)), first.__type_params__)")
else:
    try:
        exec("type X = int")
    except SyntaxError as error:
        print(error)
