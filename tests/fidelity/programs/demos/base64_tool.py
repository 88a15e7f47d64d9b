import runpy, sys
sys.argv = ["base64", "-e", "main.py"]
runpy.run_module("base64", run_name="__main__", alter_sys=True)
