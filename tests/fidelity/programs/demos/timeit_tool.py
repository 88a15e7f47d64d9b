import subprocess, sys
print(subprocess.run([sys.executable, "-m", "timeit", "-n", "1", "-r", "1", "pass"], capture_output=True, text=True).returncode)
