import runpy, sys
sys.argv = ["ast", "main.py"]
runpy.run_module("ast", run_name="__main__", alter_sys=True)
