import subprocess
print(subprocess.run("yes | head -n 2", shell=True, capture_output=True).stdout)
p = subprocess.run("yes x | head -n 1; echo ${PIPESTATUS[0]}", shell=True, executable="/bin/bash", capture_output=True)
print(p.stdout)
