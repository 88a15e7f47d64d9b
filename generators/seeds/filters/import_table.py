"""Which name comes from which module, and how it must be used for that to be believed.

Names are those of the standard library of Python 3.11. A name is listed under the evidence that it
needs: `Path` can hardly be anything else, `heappush` shows itself by its two arguments, `product`
is an everyday word and shows itself only where something iterates over `product(xs, ys)`. Everyday
words that no usage tells apart (`choice`, `quote`, `mean`, `join`, `log` of a message) are not
listed. Nor are names that two modules offer with different meanings (`Queue`, `Process`).
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = [
    "ALIASES",
    "THIRD_PARTY_ALIASES",
    "THIRD_PARTY_MEMBERS",
    "Evidence",
    "Member",
    "members_by_name",
]

Evidence: TypeAlias = Literal["any", "annotation", "generic", "call", "operand", "iterated"]
"""What at least one use must be, and none may contradict:

any         every use will do
annotation  in an annotation, or a class that is checked for
generic     in an annotation, with a subscript
call        called with a number of positional arguments that the function takes
operand     itself or its call is an operand of arithmetic or a comparison
iterated    its call is iterated over or handed to something that iterates
"""


class Member(NamedTuple):
    """A name that a module offers."""

    module: str
    name: str
    evidence: Evidence
    arguments: tuple[int, int] | None = None
    """Fewest and most positional arguments of a call; None where it does not matter."""


_ANY: Final[Mapping[str, str]] = {
    "abc": "ABC ABCMeta abstractmethod",
    "argparse": "ArgumentParser ArgumentTypeError RawDescriptionHelpFormatter",
    "ast": "NodeVisitor NodeTransformer literal_eval",
    "base64": "b64decode b64encode urlsafe_b64decode urlsafe_b64encode",
    "binascii": "hexlify unhexlify",
    "collections": "ChainMap Counter OrderedDict UserDict defaultdict deque namedtuple",
    "concurrent.futures": "ProcessPoolExecutor ThreadPoolExecutor as_completed",
    "configparser": "ConfigParser NoOptionError NoSectionError RawConfigParser",
    "contextlib": "ExitStack contextmanager nullcontext redirect_stdout asynccontextmanager",
    "copy": "deepcopy",
    "dataclasses": "dataclass is_dataclass",
    "datetime": "timedelta",
    "decimal": "Decimal InvalidOperation ROUND_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP",
    "difflib": "SequenceMatcher get_close_matches unified_diff",
    "enum": "Enum IntEnum IntFlag",
    "fractions": "Fraction",
    "functools": "cached_property cmp_to_key lru_cache singledispatch total_ordering wraps",
    "html.parser": "HTMLParser",
    "http.cookiejar": "CookieJar",
    "io": "BytesIO StringIO TextIOWrapper",
    "itertools": "combinations_with_replacement dropwhile filterfalse starmap takewhile "
    "zip_longest",
    "json": "JSONDecodeError JSONDecoder JSONEncoder",
    "logging": "getLogger",
    "operator": "attrgetter itemgetter methodcaller",
    "optparse": "OptionParser",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "pprint": "pformat",
    "string": "ascii_letters ascii_lowercase ascii_uppercase hexdigits punctuation",
    "subprocess": "CalledProcessError Popen check_output",
    "tempfile": "NamedTemporaryFile TemporaryDirectory mkdtemp mkstemp",
    "textwrap": "dedent",
    "types": "FunctionType GeneratorType MappingProxyType MethodType ModuleType SimpleNamespace",
    "typing": "Any AnyStr AsyncGenerator AsyncIterator ClassVar DefaultDict Dict Final FrozenSet "
    "Generic List Literal NamedTuple NoReturn Optional ParamSpec Protocol Tuple TypedDict TypeVar "
    "Union overload get_type_hints",
    "unittest.mock": "MagicMock",
    "urllib.parse": "parse_qs parse_qsl quote_plus unquote unquote_plus urldefrag urlencode "
    "urljoin urlparse urlsplit urlunparse urlunsplit",
    "urllib.request": "urlopen urlretrieve",
    "uuid": "UUID uuid1 uuid3 uuid4 uuid5",
    "warnings": "catch_warnings filterwarnings simplefilter",
    "zipfile": "ZipFile",
}

_ANNOTATIONS: Final[Mapping[str, str]] = {
    "datetime": "date datetime time timezone tzinfo",
    "numbers": "Number",
    "types": "TracebackType",
    "typing": "AbstractSet Annotated AsyncIterable Awaitable BinaryIO ByteString Callable "
    "Collection Container ContextManager Coroutine Generator Hashable ItemsView Iterable Iterator "
    "KeysView Mapping MutableMapping MutableSequence MutableSet Reversible Sequence Sized "
    "SupportsFloat SupportsIndex SupportsInt TextIO ValuesView",
}

_GENERICS: Final[Mapping[str, str]] = {
    "typing": "Deque IO Match Pattern Set Type TypeGuard Unpack",
}

# `name:fewest-most` positional arguments; one number is both.
_CALLS: Final[Mapping[str, str]] = {
    "base64": "b32encode:1 b32decode:1-2 b16encode:1 b16decode:1-2",
    "bisect": "bisect_left:2-4 bisect_right:2-4 insort:2-4 insort_left:2-4 insort_right:2-4",
    "contextlib": "suppress:1-9 closing:1",
    "copy": "copy:1",
    "dataclasses": "asdict:1 astuple:1",
    "datetime": "date:3 datetime:3-8 timezone:1-2",
    "fnmatch": "fnmatch:2 fnmatchcase:2",
    "functools": "partial:1-99 update_wrapper:2-4 reduce:2-3",
    "getpass": "getpass:0-2 getuser:0",
    "glob": "glob:1 iglob:1",
    "hashlib": "blake2b:0-1 md5:0-1 sha1:0-1 sha224:0-1 sha256:0-1 sha384:0-1 sha512:0-1",
    "heapq": "heapify:1 heappop:1 heappush:2 heappushpop:2 heapreplace:2 nlargest:2-3 "
    "nsmallest:2-3",
    "importlib": "import_module:1-2",
    "inspect": "getfullargspec:1 getmembers:1-2 isclass:1 isfunction:1 ismethod:1 signature:1",
    "itertools": "combinations:2 groupby:1-2 islice:2-4 permutations:1-2",
    "math": "atan2:2 factorial:1 gcd:2-9 fsum:1 hypot:2 isclose:2",
    "os": "getcwd:0 getpid:0 listdir:0-1 makedirs:1-3 urandom:1",
    "os.path": "abspath:1 basename:1 dirname:1 expanduser:1 getsize:1 isdir:1 isfile:1 splitext:1",
    "pprint": "pprint:1-2",
    "random": "getrandbits:1 randint:2 randrange:1-3 random:0 shuffle:1 Random:0-1",
    "shutil": "copyfile:2 copyfileobj:2-3 copytree:2 rmtree:1-3",
    "statistics": "pstdev:1-2 pvariance:1-2 stdev:1-2",
    "struct": "calcsize:1 pack_into:3-99 unpack_from:2-3",
    "time": "monotonic:0 perf_counter:0 process_time:0 sleep:1 strftime:1-2 time:0",
    "timeit": "default_timer:0",
    "typing": "cast:2 get_args:1 get_origin:1",
    "unicodedata": "normalize:2",
    "urllib.parse": "quote_from_bytes:1-2",
    "zlib": "adler32:1-2 crc32:1-2",
}

_OPERANDS: Final[Mapping[str, str]] = {
    "math": "acos:1 asin:1 atan:1 ceil:1 cos:1 cosh:1 degrees:1 exp:1 fabs:1 floor:1 inf log:1-2 "
    "log10:1 log1p:1 log2:1 pi radians:1 sin:1 sinh:1 sqrt:1 tan:1 tanh:1",
}

_ITERATED: Final[Mapping[str, str]] = {
    "itertools": "accumulate:1-2 chain:2-99 compress:2 count:0-2 cycle:1 pairwise:1 product:2-99 "
    "repeat:2 tee:1-2",
}

ALIASES: Final[Mapping[str, str]] = {
    "ET": "xml.etree.ElementTree",
    "dt": "datetime",
    "mp": "multiprocessing",
    "osp": "os.path",
    "pkl": "pickle",
    "sp": "subprocess",
}
"""Short names for modules of the standard library."""

THIRD_PARTY_ALIASES: Final[Mapping[str, str]] = {
    "jnp": "jax.numpy",
    "nn": "torch.nn",
    "np": "numpy",
    "nx": "networkx",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "tf": "tensorflow",
}
"""Short names for other people's modules; only used where a recipe allows their first part."""

THIRD_PARTY_MEMBERS: Final[Mapping[str, str]] = {
    "BeautifulSoup": "bs4",
    "DataFrame": "pandas",
    "ndarray": "numpy",
    "relativedelta": "dateutil.relativedelta",
    "tqdm": "tqdm",
}
"""Distinctive names of other people's modules, likewise."""


@cache
def members_by_name() -> Mapping[str, tuple[Member, ...]]:
    """Return the table by name. A name that several modules offer has several entries."""
    table: dict[str, list[Member]] = {}
    groups: tuple[tuple[Evidence, Mapping[str, str]], ...] = (
        ("any", _ANY),
        ("annotation", _ANNOTATIONS),
        ("generic", _GENERICS),
        ("call", _CALLS),
        ("operand", _OPERANDS),
        ("iterated", _ITERATED),
    )
    for evidence, group in groups:
        for module, entries in group.items():
            for entry in entries.split():
                member = _member(module, entry, evidence)
                table.setdefault(member.name, []).append(member)
    return {name: tuple(members) for name, members in table.items()}


def _member(module: str, entry: str, evidence: Evidence) -> Member:
    name, _, numbers = entry.partition(":")
    if not numbers:
        return Member(module, name, evidence)
    fewest, _, most = numbers.partition("-")
    return Member(module, name, evidence, (int(fewest), int(most or fewest)))
