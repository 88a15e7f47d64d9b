# expect: memory_limit runtime_error
import numpy as np

kept = [np.ones(2**20) for _ in range(1000)]
