import signal
for number in sorted(signal.valid_signals()):
    try:
        print(int(number), signal.getsignal(number), signal.siginterrupt if False else "")
    except ValueError as error:
        print(int(number), error)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getitimer(signal.ITIMER_REAL), signal.sigpending())
print(signal.set_wakeup_fd(-1), signal.alarm(0))
