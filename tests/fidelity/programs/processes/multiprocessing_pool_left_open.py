import multiprocessing as mp
def square(x): return x * x
pool = mp.get_context("fork").Pool(2)
print(pool.map(square, range(4)))
