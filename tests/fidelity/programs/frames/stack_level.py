import warnings
def f():
    warnings.warn("from the caller", stacklevel=2)
f()
warnings.warn("here")
warnings.warn_explicit("explicit", UserWarning, "elsewhere.py", 7)
