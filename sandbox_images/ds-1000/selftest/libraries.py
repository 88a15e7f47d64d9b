# expect: passed
import gensim
import matplotlib.pyplot
import seaborn
import sklearn
import statsmodels
import xgboost

assert sklearn.__version__ == "1.4.0"
assert [seaborn.__version__, statsmodels.__version__] == ["0.13.2", "0.14.1"]
assert [gensim.__version__, xgboost.__version__] == ["4.3.2", "2.0.3"]
