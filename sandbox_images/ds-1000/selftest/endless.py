# expect: cpu_timeout
import numpy as np

while True:
    np.arange(1000).sum()
