import runpy
runpy.run_module("symtable", run_name="__main__", alter_sys=True)
