import pickle, subprocess, sys
class Own: x = 5
open("p", "wb").write(pickle.dumps(Own()))
code = "import pickle, sys\nclass Own: x = 6\nprint(pickle.load(open('p', 'rb')).x)"
print(subprocess.check_output([sys.executable, "-c", code]))
