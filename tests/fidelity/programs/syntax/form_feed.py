print('a')

print('b')
