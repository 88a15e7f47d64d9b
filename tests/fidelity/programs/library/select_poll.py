import select, os, selectors
r, w = os.pipe()
p = select.poll(); p.register(r, select.POLLIN); print(p.poll(0)); os.write(w, b"x"); print(p.poll(0) == [(r, 1)])
e = select.epoll(); e.register(r); print(e.poll(0) != [], type(selectors.DefaultSelector()).__name__)
