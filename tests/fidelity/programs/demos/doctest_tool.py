import runpy, sys
sys.argv = ["doctest", "-v", "main.py"]
if __name__ == "__main__":
    runpy.run_module("doctest", run_name="__main__", alter_sys=True)
def f():
    """
    >>> f()
    1
    """
    return 1
