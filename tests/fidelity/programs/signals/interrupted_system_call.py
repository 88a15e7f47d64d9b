import signal, time, os
signal.signal(signal.SIGALRM, lambda *_: print("tick"))
signal.setitimer(signal.ITIMER_REAL, 0.02)
start = time.monotonic(); time.sleep(0.1)
print(time.monotonic() - start >= 0.1)
