# expect: passed
import numpy as np

print("hello", __name__, np.arange(4).sum())
