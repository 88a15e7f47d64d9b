import multiprocessing as mp
def square(x): return x * x
def bad(x): raise ValueError(x)
if __name__ == "__main__":
    print(mp.get_start_method())
    with mp.get_context("fork").Pool(3) as pool:
        print(pool.map(square, range(10)), pool.apply_async(square, (7,)).get())
        try:
            pool.map(bad, [1])
        except ValueError as error:
            print(repr(error))
