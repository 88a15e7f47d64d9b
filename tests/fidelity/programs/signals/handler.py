import signal, os
def handler(number, frame): print(signal.Signals(number).name, frame.f_code.co_name, frame.f_globals is globals())
for name in ("SIGUSR1", "SIGUSR2", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE", "SIGINT", "SIGWINCH"):
    signal.signal(getattr(signal, name), handler)
    os.kill(os.getpid(), getattr(signal, name))
