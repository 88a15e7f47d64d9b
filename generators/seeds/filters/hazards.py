"""What the safety rule calls a hazard: dotted names of Python, by the reason they are rejected for.

A name stands for all below it (`socket` for `socket.create_connection`); the longest entry that
fits decides. Names of Python 2 and of other people's packages are listed where they are common.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, TypeAlias, get_args

__all__ = [
    "DUNDERS",
    "HAZARDS",
    "METHODS",
    "OPENERS",
    "PATH_METHODS",
    "STORED",
    "Hazard",
    "hazard_of",
    "roots",
]

Hazard: TypeAlias = Literal[
    "dynamic_code",
    "deserialisation",
    "process",
    "thread",
    "network",
    "file_write",
    "file_read",
    "native_code",
    "signal",
    "process_state",
    "environment",
    "input",
    "exit",
    "introspection",
    "global_state",
    "sleep",
    "nondeterminism",
]
HAZARDS: Final[tuple[Hazard, ...]] = get_args(Hazard)

_NAMES: Final[Mapping[Hazard | Literal["harmless"], str]] = {
    "dynamic_code": "builtins.eval builtins.exec builtins.compile builtins.__import__ execfile "
    "importlib.import_module importlib.reload importlib.util.module_from_spec imp reload runpy "
    "code codeop types.CodeType builtins.breakpoint pdb bdb timeit "
    "cProfile.run cProfile.runctx profile.run profile.runctx",
    "deserialisation": "pickle.load pickle.loads pickle.Unpickler cPickle.load cPickle.loads "
    "cloudpickle.load cloudpickle.loads marshal.load marshal.loads shelve dill joblib.load "
    "yaml.load yaml.unsafe_load torch.load jsonpickle.decode",
    "process": "subprocess os.system os.popen os.popen2 os.popen3 os.fork os.forkpty os.kill "
    "os.killpg os.posix_spawn os.posix_spawnp os.startfile os.execl os.execle os.execlp os.execlpe "
    "os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv "
    "os.spawnve os.spawnvp os.spawnvpe multiprocessing pty popen2 commands pexpect sh fabric "
    "concurrent.futures.ProcessPoolExecutor asyncio.create_subprocess_exec asyncio.subprocess "
    "asyncio.create_subprocess_shell psutil.Popen",
    "thread": "threading.Thread threading.Timer thread _thread multiprocessing.dummy "
    "multiprocessing.pool.ThreadPool concurrent.futures.ThreadPoolExecutor asyncio.to_thread",
    "network": "socket ssl http.client http.server httplib httplib2 urllib.request urllib.urlopen "
    "urllib.urlretrieve urllib2 ftplib smtplib telnetlib poplib imaplib nntplib xmlrpc xmlrpclib "
    "socketserver SocketServer SimpleHTTPServer BaseHTTPServer asyncore asynchat webbrowser "
    "asyncio.open_connection asyncio.start_server asyncio.open_unix_connection requests httpx "
    "aiohttp urllib3 paramiko boto boto3 botocore pycurl websocket websockets grpc tornado twisted "
    "redis pymongo psycopg2 pymysql MySQLdb kafka pika zmq",
    "file_write": "os.remove os.unlink os.rmdir os.removedirs os.rename os.renames os.replace "
    "os.mkdir os.makedirs os.chmod os.lchmod os.chown os.lchown os.link os.symlink os.truncate "
    "os.ftruncate os.utime os.mkfifo os.mknod os.write os.open os.pwrite shutil.rmtree shutil.copy "
    "shutil.copy2 shutil.copyfile shutil.copyfileobj shutil.copymode shutil.copystat shutil.move "
    "shutil.copytree shutil.chown shutil.make_archive shutil.unpack_archive tempfile sqlite3 dbm "
    "logging.FileHandler logging.handlers.RotatingFileHandler distutils.file_util anydbm",
    "file_read": "fileinput glob linecache os.listdir os.scandir os.walk os.stat os.lstat os.read "
    "os.access os.readlink os.path.exists os.path.getmtime os.path.getsize os.path.isdir "
    "os.path.isfile os.path.islink os.path.lexists os.path.realpath pathlib.Path.read_text "
    "pathlib.Path.read_bytes",
    "native_code": "ctypes cffi mmap msvcrt winreg _winreg win32api win32con",
    "signal": "signal faulthandler resource atexit",
    "process_state": "os.chdir os.fchdir os.chroot os.putenv os.unsetenv os.umask os.nice "
    "os.setuid os.setgid os.setsid os.dup os.dup2 os.close os.pipe sys.settrace sys.setprofile "
    "sys.setrecursionlimit sys.modules sys.path sys.meta_path sys.stdout sys.stderr sys.excepthook "
    "sys.displayhook sys.setdefaultencoding sys.setswitchinterval gc.disable locale.setlocale "
    "warnings.filterwarnings warnings.simplefilter",
    "environment": "os.environ os.getenv os.getcwd os.getpid os.uname os.getlogin os.cpu_count "
    "os.name sys.argv sys.platform sys.version sys.version_info sys.executable platform "
    "getpass.getuser pwd grp os.path.expanduser os.path.expandvars pathlib.Path.home "
    "pathlib.Path.cwd",
    "input": "builtins.input raw_input sys.stdin getpass.getpass curses readline cmd",
    "exit": "sys.exit os._exit os.abort builtins.exit builtins.quit builtins.SystemExit",
    "introspection": "builtins.globals sys._getframe sys._current_frames inspect.currentframe "
    "inspect.stack inspect.getsource gc.get_objects gc.get_referrers builtins.__builtins__",
    "sleep": "time.sleep asyncio.sleep",
    "nondeterminism": "random secrets uuid.uuid1 uuid.uuid4 os.urandom time.time time.time_ns "
    "time.clock time.perf_counter time.monotonic timeit.default_timer datetime.datetime.now "
    "datetime.datetime.today datetime.datetime.utcnow datetime.date.today numpy.random builtins.id "
    "builtins.hash",
    "harmless": "socket.inet_aton socket.inet_ntoa socket.inet_pton socket.inet_ntop socket.htonl "
    "socket.htons socket.ntohl socket.ntohs socket.error socket.timeout tempfile.gettempdir "
    "requests.exceptions requests.compat requests.structures subprocess.CalledProcessError "
    "subprocess.list2cmdline ssl.SSLError random.Random urllib.request.pathname2url "
    "urllib.request.url2pathname sqlite3.Error sqlite3.Row",
}

OPENERS: Final[frozenset[str]] = frozenset(
    {"builtins.open", "bz2.open", "codecs.open", "gzip.open", "io.open", "lzma.open"}
    | {"bz2.BZ2File", "gzip.GzipFile", "io.FileIO", "os.fdopen", "tarfile.open", "zipfile.ZipFile"}
)
"""Callables that take a mode after the file; whether they write depends on it."""

METHODS: Final[Mapping[str, Hazard]] = {
    "hardlink_to": "file_write",
    "read_bytes": "file_read",
    "read_text": "file_read",
    "rmtree": "file_write",
    "symlink_to": "file_write",
    "write_bytes": "file_write",
    "write_text": "file_write",
}
"""Methods whose names tell, whatever they are called on."""

STORED: Final[frozenset[str]] = frozenset(
    {"sys.displayhook", "sys.excepthook", "sys.stderr", "sys.stdout"}
)
"""Names that are hazards where something is assigned to them, and harmless to read."""

PATH_METHODS: Final[Mapping[str, Hazard]] = {
    "chmod": "file_write",
    "exists": "file_read",
    "glob": "file_read",
    "is_dir": "file_read",
    "is_file": "file_read",
    "iterdir": "file_read",
    "mkdir": "file_write",
    "rename": "file_write",
    "rglob": "file_read",
    "rmdir": "file_write",
    "touch": "file_write",
    "unlink": "file_write",
}
"""Methods that tell only where `pathlib` is used: a linked list has an `unlink` too."""

DUNDERS: Final[frozenset[str]] = frozenset(
    {
        "__builtins__",
        "__globals__",
        "__subclasses__",
        "f_back",
        "f_builtins",
        "f_globals",
        "f_locals",
        "gi_frame",
        "tb_frame",
    }
)
"""Attributes that lead from a value to the interpreter."""


@cache
def _table() -> Mapping[str, Hazard | Literal["harmless"]]:
    return {name: hazard for hazard, names in _NAMES.items() for name in names.split()}


@cache
def roots() -> frozenset[str]:
    """Return the first parts of all names, those of `builtins` by their own."""
    listed = [*_table(), *OPENERS]
    plain = (name.removeprefix("builtins.").partition(".")[0] for name in listed)
    return frozenset(plain) | {"pathlib", "Path", "getattr"}


def hazard_of(dotted: str) -> Hazard | None:
    """Return the hazard of a dotted name, built-in ones under `builtins.`."""
    table = _table()
    while dotted:
        found = table.get(dotted)
        if found is not None:
            return None if found == "harmless" else found
        dotted = dotted.rpartition(".")[0]
    return None
