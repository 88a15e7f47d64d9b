import weakref
class Thing: pass
thing = Thing()
ref = weakref.ref(thing, lambda r: print("callback"))
