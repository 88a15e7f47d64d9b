"""The docstring of the program."""
print(__doc__)
