import runpy, sys
sys.argv = ["zipfile", "-c", "a.zip", "main.py"]
try:
    runpy.run_module("zipfile", run_name="__main__", alter_sys=True)
except SystemExit as leave:
    print(leave.code)
sys.argv = ["zipfile", "-t", "a.zip"]
runpy.run_module("zipfile", run_name="__main__", alter_sys=True)
