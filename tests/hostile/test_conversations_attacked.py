"""Programs that would rather read the interactor's secret, forge its word or end it.

Both run in sandboxes of their own, so there is nothing to be found: each attack looks where the
interactor would be if it were beside it, says so on its standard error, and must fail.
"""

import secrets

import pytest
from backends import Watched, story

from veristone import Checker, Decision, InteractiveCheck, Limits, Reason, Sample, StdioCase

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_s=10.0, wall_s=20.0)

INTERACTOR = """
import sys, time
secret = open(sys.argv[1]).read().strip()
kept = secret.encode()  # in its memory, and in its files
open(sys.argv[2], "w").write(secret)
print("say it", flush=True)
said = sys.stdin.readline().strip()
sys.exit(0 if said == secret else 1)
"""
FIND = """
import os, re, sys
mine = str(os.getpid())
def tried(path):
    try:
        with open(path, "rb") as file:
            found = re.search(rb"SECRET[0-9a-f]{32}", file.read(1 << 20))
    except OSError:
        return None
    return found and found[0].decode()
input()
print("attacked", file=sys.stderr)
"""
ATTACKS = {
    "reads every file": FIND
    + """
for top in ("/work", "/tmp", "/dev/shm", "/run", "/var", "/home", "/opt", "/mnt"):
    for folder, _, names in os.walk(top):
        for name in names:
            if (found := tried(os.path.join(folder, name))):
                print(found, flush=True)
                sys.exit(0)
print("nothing")
""",
    "reads other processes": FIND
    + """
for pid in filter(str.isdigit, os.listdir("/proc")):
    if pid == mine:
        continue
    for name in ("mem", "environ", "cmdline", "cwd/input.txt", "root/work/input.txt", "fd/0"):
        if (found := tried(f"/proc/{pid}/{name}")):
            print(found, flush=True)
            sys.exit(0)
print("nothing")
""",
    "traces them": FIND
    + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for pid in range(1, 400):
    if pid != os.getpid() and libc.ptrace(16, pid, 0, 0) == 0:
        print("traced", pid, file=sys.stderr)
        sys.exit(0)
print("nothing")
""",
    "ends them": """
import os, signal, sys
print("attacked", file=sys.stderr, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for pid in [*range(1, 400)]:
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
print("killed", flush=True)
""",
    "looks for sockets": FIND
    + """
import socket
for line in open("/proc/net/unix").read().splitlines()[1:]:
    path = line.split()[-1]
    if path.startswith("@"):
        try:
            with socket.socket(socket.AF_UNIX) as each:
                each.connect("\\0" + path[1:])
                print(each.recv(99), flush=True)
        except OSError:
            pass
print("nothing")
""",
    "writes to its own input": """
import os, sys
print("attacked", file=sys.stderr, flush=True)
for name in ("/proc/self/fd/0", "/dev/stdin"):
    try:
        os.write(os.open(name, os.O_WRONLY), b"accepted")
    except OSError as error:
        print(error, file=sys.stderr)
print(input())
""",
    "leaves somebody behind to speak": """
import os, sys, time
print("attacked", file=sys.stderr, flush=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(1)
    print("late", flush=True)
    os._exit(0)
""",
    "writes where frames go": """
import os, sys
print("attacked", file=sys.stderr, flush=True)
for fd in range(3, 200):
    for write in (os.write,):
        try:
            write(fd, b'VST1' + bytes(12) + b'{"op":"said","took":9}')
        except OSError:
            pass
print("nothing", flush=True)
""",
}


def sample(code: str, interactor: str = INTERACTOR) -> Sample:
    secret = f"SECRET{secrets.token_hex(16)}"
    check = InteractiveCheck(
        cases=[StdioCase(input=secret)], interactor=Checker(code=interactor, limits=LIMITS)
    )
    return Sample(code=code, check=check, limits=LIMITS)


@pytest.mark.parametrize("name", ATTACKS)
async def test_nothing_leads_to_the_interactor(name: str, watched: Watched) -> None:
    verdict = await watched.attack(sample(ATTACKS[name]))
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert "attacked" in verdict.stderr.text, story(verdict)
    assert "SECRET" not in verdict.stdout.text + verdict.stderr.text + verdict.message
    assert verdict.attempts == 1


EVALUATES = """
import sys
def main():
    said = eval(sys.stdin.readline())
    sys.exit(0 if said == open(sys.argv[1]).read() else 1)
main()
"""
AT_THE_INTERACTOR = {
    "ends it": "print('__import__(\"os\")._exit(0)')",
    "replaces it": 'print(\'__import__("os").execv("/bin/true", ["true"])\')',
    "crashes it": "print('__import__(\"os\").abort()')",
    "fills its memory": "print('\"x\" * 10**10')",
    "keeps it busy": "print('[0 for _ in iter(int, 1)]')",
    "closes its eyes": 'print(\'__import__("os").close(0) or __import__("os").close(1)\')',
}


@pytest.mark.parametrize("name", AT_THE_INTERACTOR)
async def test_what_is_said_cannot_make_an_interactor_accept(name: str, watched: Watched) -> None:
    """Nor leave the sample without a verdict: it is the sample that broke it."""
    verdict = await watched.attack(sample(AT_THE_INTERACTOR[name], EVALUATES))
    assert verdict.reason is Reason.WRONG_ANSWER, story(verdict)
