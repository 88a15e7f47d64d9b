print('a')
# comment