for i in range(200000):
    print(i, "x" * 20)
import sys
sys.stderr.write("y" * 3_000_000)
