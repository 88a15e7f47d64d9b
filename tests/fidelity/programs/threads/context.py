import contextvars, threading
v = contextvars.ContextVar("v", default=0)
v.set(1)
t = threading.Thread(target=lambda: print(v.get())); t.start(); t.join()
print(contextvars.copy_context().run(lambda: (v.set(2), v.get())), v.get())
