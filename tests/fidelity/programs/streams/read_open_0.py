with open(0) as file:
    print(file.read(), file.name)
try:
    input()
except OSError as error:
    print(error)
