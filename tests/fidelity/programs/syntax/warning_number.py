x = 1if True else 2
print(x, 0x1for x in [])
