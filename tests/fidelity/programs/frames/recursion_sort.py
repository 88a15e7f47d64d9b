import sys
sys.setrecursionlimit(3000)
class Odd:
    def __lt__(self, other):
        return sorted([Odd(), Odd()])
    def __repr__(self):
        return "<" + repr(self)
for action in (lambda: sorted([Odd(), Odd()]), lambda: repr(Odd())):
    try:
        action()
    except RecursionError as error:
        print(str(error)[:32])
