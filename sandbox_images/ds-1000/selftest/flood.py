# expect: output_limit
import numpy as np

while True:
    print("x" * np.int64(100_000))
