import multiprocessing as mp
def work(q, n): q.put(n * n)
if __name__ == "__main__":
    context = mp.get_context("fork")
    q = context.Queue()
    ps = [context.Process(target=work, args=(q, n)) for n in range(3)]
    [p.start() for p in ps]
    print(sorted(q.get() for _ in ps))
    [p.join() for p in ps]
    print([p.exitcode for p in ps], ps[0].name, mp.current_process().name, mp.parent_process())
