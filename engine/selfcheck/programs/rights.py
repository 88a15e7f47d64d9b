# Looks for capabilities and groups, and tries to become root.
import os


def attack():
    had = []
    with open("/proc/self/status") as file:
        had += [
            line.split()[0]
            for line in file
            if line.startswith(("CapEff", "CapPrm")) and int(line.split()[1], 16)
        ]
    had += ["root"] if 0 in (*os.getresuid(), *os.getresgid(), *os.getgroups()) else []
    try:
        os.setuid(0)
        had.append("setuid")
    except OSError:
        pass
    print("ran", had or "held")
