import subprocess, sys
done = subprocess.run([sys.executable, "-c", "import sys; print(sys.argv, input())"], input="given\n", capture_output=True, text=True)
print(done.returncode, done.stdout, done.stderr)
print(subprocess.check_output("echo $0; exit 0", shell=True))
print(subprocess.run(["false"]).returncode, subprocess.run("kill -9 $$", shell=True).returncode)
try:
    subprocess.run(["no-such-program"])
except FileNotFoundError as error:
    print(error)
try:
    subprocess.run(["sleep", "5"], timeout=0.1)
except subprocess.TimeoutExpired as error:
    print(error)
