Here is the solution to your problem:
def f(): pass
