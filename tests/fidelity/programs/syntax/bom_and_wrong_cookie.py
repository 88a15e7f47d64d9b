# coding: latin-1
print('both')
