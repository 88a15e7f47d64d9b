# expect: runtime_error
import numpy as np

np.ones(2) + np.ones(3)
