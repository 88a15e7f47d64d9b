import signal, os, time
got = []
signal.signal(signal.SIGCHLD, lambda *_: got.append(1))
if os.fork() == 0: os._exit(0)
os.wait()
print(got)
