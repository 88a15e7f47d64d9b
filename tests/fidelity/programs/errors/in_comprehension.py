print([1 / (n - 2) for n in range(5)])
