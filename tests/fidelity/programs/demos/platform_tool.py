import runpy
runpy.run_module("platform", run_name="__main__", alter_sys=True)
