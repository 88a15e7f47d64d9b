try:
    import numpy as np
except ImportError as error:
    print("no numpy")
else:
    np.random.seed(0)
    print(np.random.rand(3), np.arange(6).reshape(2, 3) @ np.ones(3), np.linalg.inv([[1, 2], [3, 4]]), np.geterr())
    print(np.array([1]) / 0)
