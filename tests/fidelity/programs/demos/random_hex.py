import runpy, sys
sys.argv = ["mimetypes", "-e", "text/html"]
runpy.run_module("mimetypes", run_name="__main__", alter_sys=True)
