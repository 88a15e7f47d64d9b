x = 1 # type: ignore[
print(x)
