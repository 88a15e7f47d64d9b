import pickle, copy
class Own:
    def __init__(self, a): self.a = a
    def __eq__(self, other): return self.a == other.a
def function(): return 1
data = pickle.dumps(Own([1, 2]), protocol=2)
print(data, pickle.loads(data) == Own([1, 2]), pickle.loads(pickle.dumps(function))())
try:
    pickle.dumps(lambda: 1)
except Exception as error:
    print(type(error).__name__)
