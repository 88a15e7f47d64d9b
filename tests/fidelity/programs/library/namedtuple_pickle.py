import pickle, collections, typing
P = collections.namedtuple("P", "a b", defaults=[2])
class Q(typing.NamedTuple):
    a: int
    b: str = "x"
print(pickle.loads(pickle.dumps(P(1))), pickle.loads(pickle.dumps(Q(1))), P._field_defaults, Q.__annotations__)
