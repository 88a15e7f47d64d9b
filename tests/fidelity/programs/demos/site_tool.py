import runpy, sys
sys.argv = ["site", "--user-base", "--user-site"]
runpy.run_module("site", run_name="__main__", alter_sys=True)
