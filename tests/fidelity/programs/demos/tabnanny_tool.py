import runpy, sys
sys.argv = ["tabnanny", "-v", "main.py"]
runpy.run_module("tabnanny", run_name="__main__", alter_sys=True)
