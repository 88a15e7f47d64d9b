import getpass, warnings
print(repr(getpass.getpass("secret: ")))
