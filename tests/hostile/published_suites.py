"""What published judges and sandboxes check of themselves, as samples of ours.

Read on 30 November 2026: isolate 6f21daf (its manual and release notes; it has no tests), go-judge
955585f (integration_test), inspect_ai 499e615 (self_check.py, 44 checks), Piston 0a844d0 (tests/),
SandboxFusion 469de08 (the Python runner, isolation, antihack), DMOJ 3ea44ac (testsuite/helloworld
and its kin that are about the sandbox), and the three advisories of Judge0 of April 2024. The names
are theirs, the programs ours. A check of an interface that we do not have (files read and
written from outside, commands as another user) is made from inside, where the program sees the
same.
"""

from typing import NamedTuple

from hostile_table import ATTACKS, attack_sample

from veristone import AssertsCheck, Limits, ProgramCheck, Reason, Sample

__all__ = ["CHECKS", "ROOMY", "Check"]

R = Reason
ROOMY = Limits(cpu_s=60.0, wall_s=90.0)
_SHORT = Limits(cpu_s=10.0, wall_s=1.0)
_MIB = 1 << 20
_PASSES = frozenset({R.PASSED})


class Check(NamedTuple):
    """A check of somebody's suite: a sample, what may come of it, and who looks afterwards."""

    suite: str
    name: str
    sample: Sample
    reasons: frozenset[Reason] = _PASSES
    after: Sample | None = None
    """A program that passes where nothing was left for it."""


def _true(expression: str, files: dict[str, bytes] | None = None, stdin: str = "") -> Sample:
    """A program that prints whether something holds."""
    code = f"import os, sys\nprint(bool({expression}))\n"
    check = ProgramCheck(stdout="True\n", stdin=stdin)
    return Sample(code=code, check=check, files=files or {}, limits=ROOMY)


def _raises(error: str, statement: str, prepare: str = "") -> Sample:
    """A program that passes where a statement of its raises an error of this name."""
    code = (
        f"import os\n{prepare}\ntry:\n    {statement}\n"
        f"except {error} as error:\n    print('refused')\n"
    )
    return Sample(code=code, check=ProgramCheck(stdout="refused\n"), limits=ROOMY)


def _writes(content: str, name: str = "file") -> Sample:
    """A program that writes a file twice and reads it back."""
    return _true(
        f"[open({name!r}, 'wb').write(part) for part in (b'old', {content})]"
        f" and open({name!r}, 'rb').read() == {content}"
    )


def _prints(code: str, stdout: str, **check: object) -> Sample:
    made = ProgramCheck(stdout=stdout, **check)  # pyright: ignore[reportArgumentType]
    return Sample(code=code, check=made, limits=ROOMY)


def _like(suite: str, name: str, attack: str) -> Check:
    """A check that a program of tests/hostile/programs makes already."""
    return Check(suite, name, attack_sample(attack), frozenset(ATTACKS[attack].reasons))


_ALONE = _true("{n for n in os.listdir('/proc') if n.isdigit()} == {'1', str(os.getpid())}")
_SLEEPS = Sample(code="import time\ntime.sleep(30)", limits=_SHORT)
_LOCKED = "open('file', 'w').close()\nos.chmod('file', 0)"

_INSPECT = (
    ("read_and_write_file_text", _true("open('f').read() == '#1\\nline'", {"f": b"#1\nline"})),
    ("read_and_write_file_binary", _true("open('f', 'rb').read() == b'\\xc3('", {"f": b"\xc3("})),
    ("read_and_write_large_file_binary", _writes(f"b'\\xc3' * {50 * _MIB}")),
    ("write_file_text_utf", _true("open('f').read() == '☽🚀'", {"f": "☽🚀".encode()})),
    (
        "read_and_write_file_including_directory_absolute",
        _true("os.makedirs('/tmp/a/b') or open('/tmp/a/b/f', 'w').write('x') == 1"),
    ),
    (
        "read_and_write_file_including_directory_relative",
        _true("open('a/b/f').read() == 'x'", {"a/b/f": b"x"}),
    ),
    ("read_file_zero_length", _true("open('f').read() == ''", {"f": b""})),
    ("read_file_not_found", _raises("FileNotFoundError", "open('nowhere')")),
    ("read_file_not_allowed", _raises("PermissionError", "open('file')", _LOCKED)),
    ("read_file_is_directory", _raises("IsADirectoryError", "open('/etc')")),
    ("read_file_nonsense_name", _raises("FileNotFoundError", "open('https:/en.test/a%C5%82')")),
    ("write_text_file_zero_length", _writes("b''")),
    ("write_text_file_space", _writes("b'to'", "a file")),
    ("write_text_file_is_directory", _raises("IsADirectoryError", "open('/tmp', 'w')")),
    (
        "write_text_file_without_permissions",
        _raises("PermissionError", "open('file', 'w')", _LOCKED),
    ),
    ("write_text_file_exists", _writes("b'new'")),
    ("write_binary_file_zero_length", _writes("bytes()")),
    ("write_binary_file_space", _writes("b'\\xc3('", "a file")),
    ("write_binary_file_is_directory", _raises("IsADirectoryError", "open('/work', 'wb')")),
    (
        "write_binary_file_without_permissions",
        _raises("PermissionError", "open('file', 'ab')", _LOCKED),
    ),
    ("write_binary_file_exists", _writes("b'\\xff'")),
    ("exec_output", _prints("print('foo')\nprint('bar')", "foo\nbar\n")),
    ("exec_stderr", _prints("import sys\nsys.stderr.write('boo')", "")),
    ("exec_output_utf", _prints("print('☽🚀')", "☽🚀\n")),
    ("exec_stderr_utf", _prints("import sys\nsys.stderr.write('☽')", "")),
    ("exec_returncode", _prints("raise SystemExit(70)", "", exit_code=70)),
    ("exec_permission_error", _raises("PermissionError", "os.execv('/etc/passwd', ['x'])")),
    ("exec_input_text", _true("sys.stdin.read() == 'a\\nb\\n'", stdin="a\nb\n")),
    (
        "exec_input_shell_special",
        _true("sys.stdin.read() == '$HOME `id` \\\\ \\'\"'", stdin="$HOME `id` \\ '\""),
    ),
    ("exec_input_binary", _true("sys.stdin.read() == '\\0\\x01ÿ'", stdin="\0\x01ÿ")),
    (
        "exec_input_large",
        _true(f"len(sys.stdin.read()) == {50 * _MIB}", stdin="a" * (50 * _MIB)),
    ),
    (
        "exec_large_command",
        _prints(
            "import sys\nprint(len(''.join(sys.argv[1:])))", "1048576\n", args=["x" * 65536] * 16
        ),
    ),
    ("exec_as_user", _true("0 not in (*os.getresuid(), *os.getresgid(), *os.getgroups())")),
    ("exec_as_nonexistent_user", _raises("OSError", "os.setuid(4711)")),
    ("cwd_unspecified", _true("'f' in os.listdir()", {"f": b""})),
    ("cwd_custom", _true("os.chdir('/usr/bin') or 'env' in os.listdir()")),
    ("cwd_relative", _true("os.chdir('a') or os.listdir() == ['f']", {"a/f": b""})),
    ("cwd_absolute", _true("os.mkdir('/tmp/a') or os.chdir('/tmp/a') or os.listdir() == []")),
)
_INSPECT_OTHERS = (
    Check(
        "inspect",
        "read_file_limit",
        Sample(code="print('a' * 2048)", limits=Limits(output_bytes=1024)),
        frozenset({R.OUTPUT_LIMIT}),
    ),
    Check("inspect", "exec_timeout", _SLEEPS, frozenset({R.WALL_TIMEOUT})),
    Check(
        "inspect",
        "exec_timeout_not_raised_on_fast_signal_death",
        Sample(code="import os, signal\nos.kill(os.getpid(), signal.SIGTERM)"),
        frozenset({R.SIGNALLED}),
    ),
    Check("inspect", "exec_timeout_kills_process", _SLEEPS, frozenset({R.WALL_TIMEOUT}), _ALONE),
    Check(
        "inspect",
        "exec_timeout_kills_child_processes",
        Sample(
            code="import subprocess\nsubprocess.Popen(['sleep', '30'])\n"
            "subprocess.run(['sh', '-c', 'sleep 30 & sleep 30'])",
            limits=_SHORT,
        ),
        frozenset({R.WALL_TIMEOUT}),
        _ALONE,
    ),
    Check(
        "inspect",
        "exec_env_vars",
        Sample(
            code="import os\nprint(os.environ['ONE'], os.environ['OTHER'])",
            env={"ONE": "a word", "OTHER": "b_c"},
            check=ProgramCheck(stdout="a word b_c\n"),
        ),
    ),
)

_BEANS = ("/dev/shm", "/run/lock", "/tmp", "/var/tmp")
_NO_BEANS = _true(f"not [d for d in {_BEANS} if os.path.exists(d + '/bean')]")
_PISTON = (
    _like("Piston", "fallocate", "disk_fill"),
    Check(
        "Piston",
        "file_persistance",
        Sample(
            code=f"for place in {_BEANS}:\n    try:\n        open(place + '/bean', 'w').close()\n"
            "    except OSError:\n        pass\n"
        ),
        after=_NO_BEANS,
    ),
    _like("Piston", "fork", "fork_bomb"),
    _like("Piston", "network", "network"),
    _like("Piston", "runaway_output", "output_flood"),
)

_SERVER = (
    "import http.client, http.server, threading\n"
    "server = http.server.HTTPServer(('{host}', 8000), http.server.SimpleHTTPRequestHandler)\n"
    "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
    "link = http.client.HTTPConnection('{host}', 8000)\n"
    "link.request('GET', '/')\n"
    "print(link.getresponse().status)\n"
)
_FUSION = (
    Check("SandboxFusion", "python_print", _prints("print(123)", "123\n")),
    Check("SandboxFusion", "python_timeout", _SLEEPS, frozenset({R.WALL_TIMEOUT})),
    Check(
        "SandboxFusion",
        "python_assertion_error",
        Sample(code="assert 1 == 2"),
        frozenset({R.RUNTIME_ERROR}),
    ),
    Check(
        "SandboxFusion", "python_syntax_error", Sample(code="print("), frozenset({R.COMPILE_ERROR})
    ),
    Check("SandboxFusion", "python_file_read", _true("open('a/f').read() == 'x'", {"a/f": b"x"})),
    Check("SandboxFusion", "python_stdin", _true("input() == 'x'", stdin="x\n")),
    Check("SandboxFusion", "isolation_127", _prints(_SERVER.format(host="127.0.0.1"), "200\n")),
    Check(
        "SandboxFusion", "isolation_localhost", _prints(_SERVER.format(host="localhost"), "200\n")
    ),
    Check(
        "SandboxFusion",
        "isolation_port_conflict",
        _prints(_SERVER.format(host="127.0.0.1") + "#", "200\n"),
        after=_prints(_SERVER.format(host="127.0.0.1") + "# again", "200\n"),
    ),
    _like("SandboxFusion", "isolation_external_access", "network"),
    *(
        Check(
            "SandboxFusion",
            f"antihack_{name}",
            Sample(code=code, check=AssertsCheck(tests="assert f() == 1")),
            frozenset({R.EARLY_EXIT}),
        )
        for name, code in (
            ("exit", "exit(0)"),
            ("os_exit", "import os\nos._exit(0)"),
            ("sys_exit", "import sys\nsys.exit(0)"),
        )
    ),
)

_GO_JUDGE = (
    Check("go-judge", "hello world", _prints("print('hello world')", "hello world\n")),
    Check("go-judge", "time limit exceeded", _SLEEPS, frozenset({R.WALL_TIMEOUT})),
    Check(
        "go-judge",
        "environment variable",
        Sample(
            code="import os\nos.system('echo $MINE')",
            env={"MINE": "x"},
            check=ProgramCheck(stdout="x\n"),
        ),
    ),
    Check("go-judge", "signal to the first process", attack_sample("signals_pid_1")),
    Check("go-judge", "copy in a sub directory", _true("os.listdir('a') == ['f']", {"a/f": b"x"})),
    Check("go-judge", "temporary directory", _writes("b'x'", "/tmp/f")),
    Check(
        "go-judge",
        "stack limit",
        _prints(
            "import resource\nprint(resource.getrlimit(resource.RLIMIT_STACK)[0] >> 20)", "64\n"
        ),
    ),
    _like("go-judge", "no symlink escape; symlinks and FIFOs are not copied out", "leaves_things"),
    Check(
        "go-judge",
        "output is cut",
        Sample(code="print('1234567890' * 9)", limits=Limits(output_bytes=50)),
        frozenset({R.OUTPUT_LIMIT}),
    ),
    Check(
        "go-judge",
        "a file that was copied in is run at once",
        Sample(
            code="import os\nos.chmod('run', 0o755)\nprint(os.waitstatus_to_exitcode("
            "os.spawnv(os.P_WAIT, './run', ['run']) << 8))",
            files={"run": b"#!/bin/sh\nexit 3\n"},
            check=ProgramCheck(stdout="3\n"),
        ),
    ),
)

_PATHS = (
    "import ctypes, errno, sys\n"
    "libc = ctypes.CDLL(None, use_errno=True)\n"
    "codes = []\n"
    "for path in {paths}:\n"
    "    for call in (lambda: libc.open(path, 0), lambda: libc.openat(-100, path, 0)):\n"
    "        codes.append(errno.errorcode[ctypes.get_errno()] if call() < 0 else 'opened')\n"
    "print(*sorted(set(codes)))\n"
)
_DMOJ = (
    Check(
        "DMOJ", "sandbox_bad_unicode_open", _prints(_PATHS.format(paths=[b"\xff\xfe"]), "ENOENT\n")
    ),
    Check("DMOJ", "sandbox_format_open", _prints(_PATHS.format(paths=[b"%s%n{}"]), "ENOENT\n")),
    Check(
        "DMOJ",
        "sandbox_nametoolong",
        _prints(_PATHS.format(paths=[b"a" * 5000, b"a/" * 4000]), "ENAMETOOLONG\n"),
    ),
    Check("DMOJ", "sandbox_null_path", _prints(_PATHS.format(paths=[None]), "EFAULT\n")),
    _like("DMOJ", "sandbox_kill_judge", "kills_all"),
    _like("DMOJ", "generator_test_sandbox", "writes_outside"),
    Check("DMOJ", "sandbox_py3_bad_file", _raises("OSError", "open('/proc/1/mem', 'r+b')")),
    _like("DMOJ", "python_mle", "memory_list"),
    _like("DMOJ", "py2_tle", "busy_loop"),
    _like("DMOJ", "c_signal_ir", "crashes"),
    _like("DMOJ", "cpp_ole", "output_flood_fast"),
    _like("DMOJ", "cpp_wall_clock", "sleeps"),
    Check("DMOJ", "py3_grace", _prints("import sys\nprint(1)\nsys.exit(0)", "1\n")),
    Check(
        "DMOJ",
        "binary_data",
        _prints(
            "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
            "\0\r\x7f",
            stdin="\0\r\x7f",
        ),
    ),
)

_LINKS = (
    "import os\n"
    "os.unlink('main.py')\n"
    "for name in ('main.py', 'solution.py', 'run', 'compile', 'stdin', 'stdout', '.metadata'):\n"
    "    os.symlink({target!r}, name)\n"
    "print('linked')\n"
)
_UNTOUCHED = _true(
    "[path for path in ('/etc/passwd', '/usr/bin/env')"
    " if os.stat(path).st_uid not in (0, 65534) or os.access(path, os.W_OK)] == []"
    " and 'root' in open('/etc/passwd').read()"
)
_JUDGE0 = (
    Check(
        "Judge0",
        "CVE-2024-28185: a symlink in place of a file that the host writes next",
        _prints(_LINKS.format(target="/etc/passwd"), "linked\n"),
        after=_UNTOUCHED,
    ),
    Check(
        "Judge0",
        "CVE-2024-28189: a symlink in place of a file that the host gives another owner",
        _prints(_LINKS.format(target="/usr/bin/env"), "linked\n"),
        after=_UNTOUCHED,
    ),
    _like("Judge0", "CVE-2024-29021: a service of the host's, reached from inside", "network"),
)

_ISOLATE = (
    _like("isolate", "key rings, System V and POSIX objects outlive a program", "message_queues"),
    _like("isolate", "vsock, and any other family of sockets", "network"),
    _like("isolate", "locks and leases on inodes that sandboxes share", "locks_and_leases"),
    _like("isolate", "what lies in /dev/shm is seen by others", "leaves_things"),
    _like("isolate", "io_uring, and other calls that lead out", "refused_calls"),
    _like("isolate", "calls of another architecture", "calls_32_bit"),
    _like("isolate", "descriptors of the one that started it", "own_descriptors"),
    _like("isolate", "an oracle for what is on the host", "leaks_host"),
)

CHECKS = (
    *(Check("inspect", name, sample) for name, sample in _INSPECT),
    *_INSPECT_OTHERS,
    *(_PISTON + _FUSION + _GO_JUDGE + _DMOJ + _JUDGE0 + _ISOLATE),
)
