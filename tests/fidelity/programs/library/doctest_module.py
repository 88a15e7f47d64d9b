"""
>>> 1 + 1
2
>>> double(4)
8
>>> double("x")
Traceback (most recent call last):
  ...
TypeError: no text
"""
def double(x):
    """
    >>> double(2)
    5
    """
    if isinstance(x, str): raise TypeError("no text")
    return 2 * x
import doctest
print(doctest.testmod())
