import runpy, sys
sys.argv = ["compileall", "."]
runpy.run_module("compileall", run_name="__main__", alter_sys=True)
