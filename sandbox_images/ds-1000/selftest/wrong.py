# expect: wrong_answer
import numpy as np

print(np.arange(4).sum())
