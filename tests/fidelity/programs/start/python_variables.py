import sys, os
print(sys.flags.dont_write_bytecode, sys.flags.optimize, sys.flags.hash_randomization, sys.path)
print(hash("a"), sys.stdout.encoding, sys.stdout.errors, sys.stdout.write_through)
assert False, "not with optimize"
print("after the assert")
