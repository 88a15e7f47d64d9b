import threading
results = []
ts = [threading.Thread(target=results.append, args=(i,)) for i in range(15)]
[t.start() for t in ts]; [t.join() for t in ts]
print(sorted(results))
