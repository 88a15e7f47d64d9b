import runpy, sys
sys.argv = ["webbrowser", "-h"]
runpy.run_module("webbrowser", run_name="__main__", alter_sys=True)
