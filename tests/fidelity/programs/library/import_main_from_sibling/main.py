import helper
value = 3
print(helper.get())
import __main__; print(__main__ is helper.main)
