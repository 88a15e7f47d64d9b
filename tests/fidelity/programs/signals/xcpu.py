import resource, signal
print(signal.getsignal(signal.SIGXCPU), signal.getsignal(signal.SIGXFSZ))
