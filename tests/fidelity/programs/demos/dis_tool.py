import runpy, sys
sys.argv = ["dis", "main.py"]
runpy.run_module("dis", run_name="__main__", alter_sys=True)
