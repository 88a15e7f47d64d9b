print('a')
print('b')
