import subprocess, warnings
warnings.simplefilter("always")
p = subprocess.Popen(["true"])
del p
