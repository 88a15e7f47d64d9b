from io import StringIO
class Speaks(StringIO):
    def __del__(self): __import__("sys").stdout.write("gone\n")
z = Speaks()
del Speaks
