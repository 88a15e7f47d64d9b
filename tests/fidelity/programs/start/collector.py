import gc
print(gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.callbacks, gc.garbage)
class Node: ...
a = Node(); a.me = a; a.gone = []
import weakref
ref = weakref.ref(a)
del a
gc.collect()
print(ref(), gc.is_tracked([]), gc.is_tracked(1))
