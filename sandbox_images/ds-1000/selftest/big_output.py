# expect: passed
import numpy as np

for number in np.arange(20000):
    print(number)
