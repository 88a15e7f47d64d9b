import runpy, sys
sys.argv = ["inspect", "--details", "textwrap"]
runpy.run_module("inspect", run_name="__main__", alter_sys=True)
