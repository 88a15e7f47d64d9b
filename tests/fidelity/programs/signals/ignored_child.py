import signal, os
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0: os._exit(0)
try:
    os.wait()
except ChildProcessError as error:
    print(error)
