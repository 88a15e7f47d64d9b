import subprocess, sys
print("before", flush=True)
subprocess.run(["echo", "child on the same stdout"])
subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read())"])
subprocess.call("echo error >&2", shell=True)
