class A:
    if 1:
        def f(self):
    # comment
x
