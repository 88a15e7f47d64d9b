import runpy, sys
open("t.py", "w").write("x = 1\nprint(x)\n")
sys.argv = ["pdb", "t.py"]
runpy.run_module("pdb", run_name="__main__", alter_sys=True)
