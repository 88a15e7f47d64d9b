print('ok')
x = 'ÿþ'
