import sys
del sys.modules["__main__"]
class C:
    def __del__(self): print("gone")
c = C()
print(C.__module__)
