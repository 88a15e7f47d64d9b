print('a')
x = (
  1/0)
