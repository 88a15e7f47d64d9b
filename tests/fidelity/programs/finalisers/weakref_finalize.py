import weakref
class Thing: pass
thing = Thing()
weakref.finalize(thing, print, "thing ended")
quiet = weakref.finalize(thing, print, "never")
quiet.atexit = False
print("end")
