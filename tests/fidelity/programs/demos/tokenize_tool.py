import runpy, sys
sys.argv = ["tokenize", "main.py"]
runpy.run_module("tokenize", run_name="__main__", alter_sys=True)
