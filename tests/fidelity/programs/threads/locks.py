import threading, queue
q = queue.Queue()
lock, cond, event = threading.RLock(), threading.Condition(), threading.Event()
def consume():
    event.wait()
    while (item := q.get()) is not None:
        with lock: total.append(item)
total = []
ts = [threading.Thread(target=consume) for _ in range(4)]
[t.start() for t in ts]
for i in range(100): q.put(i)
for _ in ts: q.put(None)
event.set()
[t.join() for t in ts]
print(sum(total), threading.active_count())
