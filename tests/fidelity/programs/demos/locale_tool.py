import runpy
runpy.run_module("locale", run_name="__main__", alter_sys=True)
