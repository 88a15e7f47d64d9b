import runpy, sys
sys.argv = ["json.tool", "--sort-keys"]
runpy.run_module("json.tool", run_name="__main__", alter_sys=True)
