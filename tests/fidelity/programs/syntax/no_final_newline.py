print('a')
raise ValueError('at the end')