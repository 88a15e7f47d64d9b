import runpy
runpy.run_module("sysconfig", run_name="__main__", alter_sys=True)
