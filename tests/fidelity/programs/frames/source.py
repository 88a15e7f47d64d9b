import inspect
class Thing:
    """A thing."""
    def method(self):
        return 1  # comment
def function(a, *, b=2):
    # inside
    return a
square = lambda x: x * x
print(inspect.getsource(Thing)); print(inspect.getsource(function)); print(inspect.getsource(square))
print(inspect.getsourcefile(Thing), inspect.getfile(function), inspect.getmodule(function))
print(inspect.getsourcelines(Thing.method), inspect.getcomments(function), inspect.getdoc(Thing))
print(inspect.signature(function))
import sys
print(len(inspect.getsource(sys.modules["__main__"])))
