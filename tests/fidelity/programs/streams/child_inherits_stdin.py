import subprocess, sys
first = sys.stdin.buffer.raw.read(6)
print(first)
print(subprocess.run(["cat"], capture_output=True).stdout)
