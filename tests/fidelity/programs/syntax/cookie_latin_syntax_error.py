# coding: latin-1
print('café' 'x' 1)
