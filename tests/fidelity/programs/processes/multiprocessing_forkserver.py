import multiprocessing as mp
def work(n): return n + 1
if __name__ == "__main__":
    with mp.get_context("forkserver").Pool(2) as pool:
        print(pool.map(work, range(5)))
