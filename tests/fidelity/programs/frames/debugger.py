value = 5
def f(a):
    b = a * 2
    return b
import pdb
pdb.Pdb(nosigint=True).runcall(f, 4)
print("after")
