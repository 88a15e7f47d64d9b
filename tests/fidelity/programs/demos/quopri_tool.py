import runpy, sys
sys.argv = ["quopri", "main.py"]
x = "é=☃"
runpy.run_module("quopri", run_name="__main__", alter_sys=True)
