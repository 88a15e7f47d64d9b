import multiprocessing as mp
def work(d, l): d["k"] = 1; l.append(2)
if __name__ == "__main__":
    context = mp.get_context("fork")
    with context.Manager() as manager:
        d, l = manager.dict(), manager.list()
        p = context.Process(target=work, args=(d, l)); p.start(); p.join()
        print(dict(d), list(l))
