# expect: passed
import numpy as np

assert np.random.rand() != 0.5488135039273248, "the state of a seed that nobody set"
