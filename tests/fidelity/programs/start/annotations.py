x: int = 1
y: "str"
print(__annotations__)
def f(a: int) -> str: ...
print(f.__annotations__)
class C:
    z: list[int]
print(C.__annotations__)
