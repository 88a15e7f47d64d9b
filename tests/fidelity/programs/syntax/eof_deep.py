class A:
    if 1:
        def f(self):
            return [
