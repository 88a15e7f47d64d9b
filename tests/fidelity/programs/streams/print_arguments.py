import sys
print(1, 2.0, None, sep="-", end="!\n")
print(*"abc", sep="\n", file=sys.stdout, flush=True)
print()
print(end="")
