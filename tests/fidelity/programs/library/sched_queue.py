import sched, time, queue
s = sched.scheduler(time.monotonic, time.sleep)
s.enter(0.02, 1, print, ("second",)); s.enter(0.01, 1, print, ("first",)); s.run()
q = queue.PriorityQueue(); [q.put(n) for n in (3, 1, 2)]; print([q.get() for _ in range(3)])
