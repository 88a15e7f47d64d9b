import sys
helper = "a global"
class Speaks:
    def __del__(self):
        print("in __del__:", helper, sys is None, print is None)
instance = Speaks()
