import runpy, sys
sys.argv = ["calendar", "2024", "2"]
runpy.run_module("calendar", run_name="__main__")
