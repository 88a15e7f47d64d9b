import subprocess, sys
open("t.py", "w").write("x = 1\nfor i in range(2):\n    x += i\n")
print(subprocess.run([sys.executable, "-m", "trace", "--trace", "t.py"], capture_output=True, text=True).stdout)
