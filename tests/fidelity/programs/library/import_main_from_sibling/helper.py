import __main__ as main
def get(): return main.value, main.__file__
