import runpy, sys
sys.argv = ["code", "-q"]
runpy.run_module("code", run_name="__main__", alter_sys=True)
