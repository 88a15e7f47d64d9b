# expect: passed
import numpy as np

print(np.array(["grüße", "日本"])[1])
