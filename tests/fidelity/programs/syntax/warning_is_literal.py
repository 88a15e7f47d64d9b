x = 5
print(x is 5, x is "a")
