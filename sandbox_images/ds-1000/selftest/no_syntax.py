# expect: compile_error
import numpy
def f(:
