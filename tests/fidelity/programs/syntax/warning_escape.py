import sys
x = "\d"
print(x)
