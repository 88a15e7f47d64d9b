print('a')
print('b')
print('c')print('d')