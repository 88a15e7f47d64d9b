import sys, os
print(sys.path)
print(sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.platlibdir)
print(sys.meta_path, sys.path_hooks)
print(sys.pycache_prefix, sys.dont_write_bytecode)
