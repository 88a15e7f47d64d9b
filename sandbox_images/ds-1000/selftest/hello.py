# expect: passed
import numpy as np
import pandas as pd

print("hello", __name__, pd.Series(np.arange(4)).sum(), np.__version__, pd.__version__)
