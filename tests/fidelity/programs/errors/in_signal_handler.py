import signal, os
def handler(number, frame):
    raise RuntimeError(f"signal {number} at {frame.f_code.co_name}")
signal.signal(signal.SIGUSR1, handler)
os.kill(os.getpid(), signal.SIGUSR1)
for _ in range(10): pass
