import sys
print("run as", __name__)
if __name__ == "__main__":
    import main
    print(main is sys.modules["__main__"], main.__name__, main.__file__, main.__spec__.name)
    print(main.__cached__.rpartition("/")[2].startswith("main.cpython"))
