# Tries: fill stderr first and never read anything, so that a reader of one stream hangs.
import sys

sys.stderr.write("e" * 3_000_000)
sys.stderr.flush()
print("contained")
