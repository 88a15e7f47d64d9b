import subprocess, sys
print(subprocess.check_output(["grep", "Sig", "/proc/self/status"]).decode())
print(subprocess.check_output([sys.executable, "-c", "import signal; print([n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN])"]).decode())
