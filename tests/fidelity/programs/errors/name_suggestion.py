values = [1]
print(value)
