import signal, time
def handler(*_): raise TimeoutError("time is up")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(5)
