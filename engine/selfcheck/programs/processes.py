# Looks for processes that are not its own, and sends the first one every signal.
import os


def attack():
    seen = {name for name in os.listdir("/proc") if name.isdigit()} - {"1", str(os.getpid())}
    for number in range(1, 65):
        try:
            os.kill(1, number)
        except OSError:
            continue
    print("ran", sorted(seen) or "held")
