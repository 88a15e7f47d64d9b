import multiprocessing as mp
print("loaded as", __name__)
class Thing:
    def __init__(self, n): self.n = n
def work(q, thing): q.put((thing.n, __name__, mp.current_process().name))
if __name__ == "__main__":
    context = mp.get_context("spawn")
    q = context.Queue()
    p = context.Process(target=work, args=(q, Thing(3)))
    p.start(); print(q.get()); p.join(); print(p.exitcode)
