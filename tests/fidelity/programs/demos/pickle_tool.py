import runpy, sys, pickle
open("p", "wb").write(pickle.dumps({"a": [1, 2]}))
sys.argv = ["pickletools", "p"]
runpy.run_module("pickletools", run_name="__main__", alter_sys=True)
