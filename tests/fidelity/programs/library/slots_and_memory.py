import sys, weakref, gc
class S: __slots__ = ("a", "__weakref__")
s = S(); r = weakref.ref(s); print(r() is s); del s; print(r())
print(sys.getsizeof([]), sys.getsizeof(S()), sys.getsizeof(""), sys.getrefcount(object()), sys.intern("a b") is sys.intern("a b"))
w = weakref.WeakValueDictionary(); o = S(); w["k"] = o; print(len(w)); del o; print(len(w))
