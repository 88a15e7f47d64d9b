"""Test code in a process of its own: what must pass there, and what must not.

Each right suite would pass beside the solution too, and each has one thing that is hard to carry
from one process to the other. Each wrong solution would be accepted by tests that trust its objects.
"""

import pytest

from veristone import AssertsCheck, Decision, Reason, Sample, Verdict
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHT: dict[str, tuple[str, str]] = {
    "the tests raise the recursion limit": (
        "def depth(n):\n    return n and 1 + depth(n - 1)",
        "import sys\nsys.setrecursionlimit(20000)\nassert depth(5000) == 5000",
    ),
    "the tests set the precision of decimals": (
        "from decimal import Decimal\ndef third():\n    return Decimal(1) / 3",
        "from decimal import localcontext\nwith localcontext() as context:\n"
        "    context.prec = 5\n    assert str(third()) == '0.33333'\nassert len(str(third())) == 30",
    ),
    "an argument changed in place": (
        "def tidy(items, seen):\n    items.sort()\n    seen.update(dict.fromkeys(items, 1))",
        "items, seen = [3, 1, 2], {}\ntidy(items, seen)\nassert items == [1, 2, 3]\n"
        "assert seen == {1: 1, 2: 1, 3: 1}",
    ),
    "an argument that the solution keeps": (
        "class Bag:\n    def __init__(self, items):\n        self.items = items\n"
        "    def add(self, x):\n        self.items.append(x)",
        "mine = [1]\nbag = Bag(mine)\nbag.add(2)\nassert mine == [1, 2]\nmine.append(3)\n"
        "assert bag.items == [1, 2, 3]\nbag.items.append(4)\nassert mine[-1] == 4",
    ),
    "a container that is changed without a name": (
        "class Stack:\n    kinds = {}\n    def __init__(self):\n        self.items = []\n"
        "        self.grid = [[0, 0], [0, 0]]\n    def pop(self):\n        return self.items.pop()",
        "s = Stack()\ns.items.append(1)\nassert s.pop() == 1 and s.items == []\n"
        "s.grid[0][1] = 5\nassert s.grid == [[0, 5], [0, 0]]\nStack.kinds['a'] = 1\n"
        "assert Stack.kinds.pop('a') == 1\nassert Stack.kinds == {}",
    ),
    "the same object comes back": (
        "def same(x):\n    return x\nclass One:\n    it = None\n    @classmethod\n"
        "    def get(cls):\n        cls.it = cls.it or cls()\n        return cls.it",
        "items = [1]\nassert same(items) is items\nassert One.get() is One.get()",
    ),
    "a global that changes": (
        "calls = 0\ndef count():\n    global calls\n    calls += 1",
        "count()\ncount()\nassert calls == 2",
    ),
    "exceptions and their classes": (
        "class Empty(LookupError):\n    def __init__(self, what):\n        super().__init__(what)\n"
        "        self.what = what\n    def advice(self):\n        return f'fill {self.what}'\n"
        "def pop(items):\n    if not items:\n        raise Empty('bag') from KeyError('k')\n"
        "    return items.pop()",
        "try:\n    pop([])\n    assert False\nexcept LookupError as error:\n"
        "    assert isinstance(error, Empty) and error.what == 'bag'\n"
        "    assert error.advice() == 'fill bag' and str(error) == 'bag'\n"
        "    assert isinstance(error.__cause__, KeyError)",
    ),
    "an exception of the tests' own goes through": (
        "def call(function):\n    try:\n        return function()\n    finally:\n        pass",
        "class Mine(Exception):\n    pass\ndef fail():\n    raise Mine('x')\ncaught = None\n"
        "try:\n    call(fail)\nexcept Mine as error:\n    caught = error\n"
        "assert caught is not None and caught.args == ('x',)",
    ),
    "context managers": (
        "import contextlib\nlog = []\n@contextlib.contextmanager\ndef step(name):\n"
        "    log.append(name)\n    try:\n        yield name.upper()\n    finally:\n"
        "        log.append('end')\nclass Quiet:\n    def __enter__(self):\n        return self\n"
        "    def __exit__(self, kind, error, trace):\n        return kind is ValueError",
        "with step('a') as name:\n    assert name == 'A'\nassert log == ['a', 'end']\n"
        "with Quiet():\n    raise ValueError",
    ),
    "generators and iterators": (
        "def squares(n):\n    for i in range(n):\n        got = yield i * i\n"
        "class Down:\n    def __init__(self, n):\n        self.n = n\n    def __iter__(self):\n"
        "        return self\n    def __next__(self):\n        if not self.n:\n"
        "            raise StopIteration\n        self.n -= 1\n        return self.n",
        "assert list(squares(3)) == [0, 1, 4]\nassert next(squares(1)) == 0\n"
        "assert list(Down(3)) == [2, 1, 0]\nassert sum(x for x in squares(4)) == 14",
    ),
    "coroutines": (
        "import asyncio\nasync def fetch(x):\n    await asyncio.sleep(0)\n    return x\n"
        "class Open:\n    async def __aenter__(self):\n        return 7\n"
        "    async def __aexit__(self, *error):\n        return None",
        "import asyncio\nasync def main():\n    assert await fetch(3) == 3\n"
        "    async with Open() as seven:\n        assert seven == 7\nasyncio.run(main())",
    ),
    "enumerations": (
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
        "class Level(enum.IntEnum):\n    LOW = 1\ndef favourite():\n    return Color.BLUE",
        "assert favourite() is Color.BLUE\nassert Color(1) == Color.RED\n"
        "assert Color['RED'].value == 1\nassert [c.name for c in Color] == ['RED', 'BLUE']\n"
        "assert len(Color) == 2\nassert Level.LOW == 1 and Level.LOW + 1 == 2",
    ),
    "dataclasses and named tuples": (
        "import dataclasses, collections\n@dataclasses.dataclass(order=True)\nclass Point:\n"
        "    x: int\n    y: float = 0.0\nPair = collections.namedtuple('Pair', 'a b')\n"
        "def origin():\n    return Point(0)\ndef pair():\n    return Pair(1, [2])",
        "assert origin() == Point(0, 0.0)\nassert origin() != Point(1)\nassert Point(1) < Point(2)\n"
        "assert repr(Point(1)) == 'Point(x=1, y=0.0)'\nassert pair() == (1, [2])\n"
        "assert repr(pair()) == 'Pair(a=1, b=[2])'\n"
        "assert pair().a == 1 and pair()._replace(a=2) == Pair(2, [2])\n"
        "p = Point(3)\np.x = 4\nassert p.x == 4",
    ),
    "operators, lengths and membership": (
        "class Vector:\n    def __init__(self, *items):\n        self.items = items\n"
        "    def __add__(self, other):\n        return Vector(*map(sum, zip(self.items, other.items)))\n"
        "    def __rmul__(self, k):\n        return Vector(*[k * i for i in self.items])\n"
        "    def __eq__(self, other):\n"
        "        return isinstance(other, Vector) and self.items == other.items\n"
        "    def __hash__(self):\n        return hash(self.items)\n"
        "    def __len__(self):\n        return len(self.items)\n"
        "    def __getitem__(self, i):\n        return self.items[i]\n"
        "    def __contains__(self, x):\n        return x in self.items\n"
        "    def __bool__(self):\n        return any(self.items)",
        "v = Vector(1, 2)\nassert v + v == Vector(2, 4)\nassert 3 * v == Vector(3, 6)\n"
        "assert len(v) == 2 and v[1] == 2 and 2 in v and 5 not in v and list(v) == [1, 2]\n"
        "assert not Vector(0) and v\nassert {v: 1}[Vector(1, 2)] == 1\nassert v != (1, 2)",
    ),
    "a class derived from a built-in one": (
        "class Stack(list):\n    def push(self, x):\n        self.append(x)\n"
        "    def peek(self):\n        return self[-1]\n"
        "class Name(str):\n    def initial(self):\n        return self[0]",
        "s = Stack()\ns.push(1)\ns.push(2)\nassert s == [1, 2] and s.peek() == 2 and len(s) == 2\n"
        "assert isinstance(s, list) and sorted(s) == [1, 2]\n"
        "assert Name('ann').initial() == 'a' and Name('ann') == 'ann'",
    ),
    "callbacks and decorators": (
        "import functools\ndef twice(function):\n    @functools.wraps(function)\n"
        "    def inner(*args, **kwargs):\n        return 2 * function(*args, **kwargs)\n"
        "    return inner\ndef curry(function):\n    n = function.__code__.co_argcount\n"
        "    def step(*args):\n        if len(args) >= n:\n            return function(*args)\n"
        "        return lambda *more: step(*args, *more)\n    return step\n"
        "def apply(function, items):\n    return [function(item) for item in items]",
        "@twice\ndef three(x=3, *, y=0):\n    'Doc.'\n    return x + y\n"
        "assert three() == 6 and three(1, y=1) == 4 and three.__name__ == 'three'\n"
        "assert curry(lambda a, b, c: a + b + c)(1)(2)(3) == 6\n"
        "seen = []\nassert apply(seen.append, [1, 2]) == [None, None] and seen == [1, 2]\n"
        "assert apply(len, ['a', 'bc']) == [1, 2]",
    ),
    "what the tests define and the solution uses": (
        "def depth(node):\n    return 0 if node is None else 1 + max(depth(node.left), "
        "depth(node.right))\ndef leaf(x):\n    return Node(x)",
        "class Node:\n    def __init__(self, x, left=None, right=None):\n"
        "        self.x, self.left, self.right = x, left, right\n"
        "assert depth(Node(1, Node(2), Node(3, Node(4)))) == 3\nassert leaf(5).x == 5\n"
        "assert isinstance(leaf(5), Node)",
    ),
    "mocks and patches": (
        "import time, os\ndef wait(session):\n    time.sleep(9)\n    session.get('u', retry=2)\n"
        "    return session.done\ndef home():\n    return os.environ['PLACE']\n"
        "def helper():\n    return 1\ndef use():\n    return helper()",
        "from unittest import mock\nimport solution\nsession = mock.Mock(done=5)\n"
        "with mock.patch('time.sleep') as slept:\n    assert wait(session) == 5\n"
        "slept.assert_called_once_with(9)\nsession.get.assert_called_once_with('u', retry=2)\n"
        "with mock.patch.dict('os.environ', {'PLACE': 'x'}):\n    assert home() == 'x'\n"
        "with mock.patch.object(solution, 'helper', return_value=7):\n    assert use() == 7\n"
        "assert use() == 1",
    ),
    "input and output": (
        "import sys\ndef greet():\n    print('Hello,', input('? ') + '!')\n"
        "def total():\n    return sum(map(int, sys.stdin.read().split()))",
        "import io, sys, contextlib\nfrom unittest.mock import patch\nout = io.StringIO()\n"
        "with patch('builtins.input', lambda prompt='': 'Ann'), contextlib.redirect_stdout(out):\n"
        "    greet()\nassert out.getvalue() == 'Hello, Ann!\\n'\n"
        "with patch('sys.stdin', io.StringIO('1 2 3')):\n    assert total() == 6",
    ),
    "numbers of numpy": (
        "import numpy as np\ndef double(x):\n    return np.array(x) * 2\ndef fill(a):\n    a[:] = 7\n"
        "def mean(x):\n    return np.mean(x)",
        "import numpy as np\nassert (double([1, 2]) == np.array([2, 4])).all()\n"
        "assert double([[1.5]]).shape == (1, 1) and double([1]).dtype == int\n"
        "a = np.zeros(3)\nfill(a)\nassert a.tolist() == [7, 7, 7]\n"
        "assert mean([1, 2]) == 1.5 and isinstance(mean([1]), float)",
    ),
    "values of every kind": (
        "import collections, datetime, decimal, fractions, pathlib, types, uuid\ndef kinds():\n"
        "    return [None, True, 10**30, 1e-7, float('inf'), 'é\\ud800', b'x', (1,), {2}, "
        "frozenset({3}), {(1, 2): [4]}, 1j, range(3), collections.Counter('aab'), "
        "collections.OrderedDict(a=1), collections.deque([1], 3), decimal.Decimal('1.10'), "
        "fractions.Fraction(1, 3), datetime.date(2020, 1, 2), datetime.timedelta(1), "
        "pathlib.Path('a/b'), uuid.UUID(int=5), {'a': 1}.keys(), types.MappingProxyType({'a': 1}), ...]",
        "import collections, datetime, decimal, fractions, pathlib, types, uuid\nexpected = "
        "[None, True, 10**30, 1e-7, float('inf'), 'é\\ud800', b'x', (1,), {2}, frozenset({3}), "
        "{(1, 2): [4]}, 1j, range(3), collections.Counter('aab'), collections.OrderedDict(a=1), "
        "collections.deque([1], 3), decimal.Decimal('1.10'), fractions.Fraction(1, 3), "
        "datetime.date(2020, 1, 2), datetime.timedelta(1), pathlib.Path('a/b'), "
        "uuid.UUID(int=5), {'a': 1}.keys(), types.MappingProxyType({'a': 1}), ...]\nassert kinds() == expected\n"
        "assert [type(k) for k in kinds()] == [type(k) for k in expected]",
    ),
    "values that nest as deeply as JSON may": (
        "def deep(n):\n    value = 1\n    for _ in range(n):\n        value = [value]\n"
        "    return value\ndef tuples(n):\n    value = ()\n    for _ in range(n):\n"
        "        value = (value,)\n    return value\ndef depth(value):\n    n = 0\n"
        "    while value and value != 1:\n        value, n = value[0], n + 1\n    return n\n"
        "def wrap(value):\n    value.append({'a': [value.pop()]})",
        "def walk(value):\n    n = 0\n    while value and value != 1:\n"
        "        value, n = value[0], n + 1\n    return n\n"
        "assert walk(deep(850)) == 850 and walk(tuples(400)) == 400\n"
        "assert depth(deep(850)) == 850\nmine = deep(400)\nwrap(mine)\n"
        "assert walk(mine[0]['a'][0]) == 399",
    ),
    "views of an argument's array": (
        "import numpy as np\ndef tail(a):\n    return a[1:]\ndef halves(a):\n"
        "    return np.split(a, 2)\ndef turned(a):\n    return a.T\ndef back(a):\n"
        "    return a[::-1]\ndef fill(a):\n    a[:] = 7\ndef copied(a):\n    return a[1:].copy()",
        "import numpy as np\na = np.arange(6)\nb = tail(a)\nb[0] = 50\nassert a[1] == 50\n"
        "assert np.shares_memory(a, b) and not np.shares_memory(a, copied(a))\n"
        "low, high = halves(a)\nhigh[:] = 9\nassert a.tolist() == [0, 50, 2, 9, 9, 9]\n"
        "assert low.tolist() == [0, 50, 2]\na[0] = 4\nassert low[0] == 4\nfill(b)\n"
        "assert a.tolist() == [4, 7, 7, 7, 7, 7] and back(a)[-1] == 4\n"
        "m = np.zeros((2, 3))\nturned(m)[2, 1] = 5\nassert m[1, 2] == 5\n"
        "part = m[1]\nfill(part)\nassert m.tolist() == [[0, 0, 0], [7, 7, 7]]",
    ),
    "what a class has": (
        "class Stack:\n    limit = 3\n    def push(self, x):\n        return x\n"
        "class Full(Stack):\n    pass\n",
        "assert {'push', 'limit'} <= set(dir(Stack)) and 'push' in dir(Full)\n"
        "assert 'pop' not in dir(Stack)\n"
        "assert [name for name in dir(Stack) if not name.startswith('_')] == ['limit', 'push']",
    ),
    "remainders of a number of the solution's own": (
        "class N:\n    def __init__(self, n):\n        self.n = n\n    def __mod__(self, m):\n"
        "        return self.n % m\n    def __bool__(self):\n        return self.n > 0\n"
        "def make(n):\n    return N(n)",
        "assert make(0) % 7 == 0 and make(45) % 7 == 3 and make(-1) % 7 == 6\n"
        "assert make(3) and not make(0) and make(10**30) % 10**29 == 0",
    ),
    "copies and pickles": (
        "class Box:\n    def __init__(self, x):\n        self.x = x\n"
        "    def __eq__(self, other):\n        return self.x == other.x",
        "import copy, pickle\nbox = Box([1])\nother = copy.deepcopy(box)\nassert other == box\n"
        "assert other is not box and other.x is not box.x\n"
        "assert pickle.loads(pickle.dumps(box)).x == [1]",
    ),
    "arrays of objects, arrays that are read-only": (
        "import numpy as np\ndef mixed():\n    return np.array([1, None], dtype=object)\n"
        "def double(a):\n    a *= 2",
        "import numpy as np\nassert mixed().tolist() == [1, None] and mixed()[0] == 1\n"
        "fixed = np.arange(3)\nfixed.flags.writeable = False\ntry:\n    double(fixed)\n"
        "    raise SystemError\nexcept ValueError:\n    pass\nassert fixed.tolist() == [0, 1, 2]",
    ),
    "what is the same to both": (
        "import types\nclass Emitter:\n    def __init__(self):\n        self.all = []\n"
        "    def on(self, f):\n        self.all.append(f)\n    def off(self, f):\n"
        "        self.all.remove(f)\ndef gen():\n    yield 1\nclass Plain:\n    'Doc.'",
        "import collections.abc, itertools, types\nclass Listener:\n    def hit(self):\n"
        "        return 1\nlistener, emitter = Listener(), Emitter()\nemitter.on(listener.hit)\n"
        "emitter.off(listener.hit)\nassert emitter.all == []\nassert not callable(Plain())\n"
        "assert Plain.__doc__ == 'Doc.'\nassert isinstance(gen(), types.GeneratorType)\n"
        "assert isinstance(gen(), collections.abc.Generator)\n"
        "assert isinstance(Emitter.on, types.FunctionType)\n"
        "assert [list(each) for each in itertools.tee(gen())] == [[1], [1]]",
    ),
    "what hangs on an exception": (
        "def fail():\n    try:\n        {}['k']\n    except KeyError:\n"
        "        raise ValueError('v')",
        "try:\n    fail()\nexcept ValueError as error:\n"
        "    assert isinstance(error.__context__, KeyError)",
    ),
    "a name that is only patched": (
        "def fetch(u):\n    raise OSError('net')\ndef process(u):\n    return fetch(u) + 1",
        "from unittest.mock import patch\nwith patch('__main__.fetch', return_value=1):\n"
        "    assert process('u') == 2\ncaught = False\ntry:\n    process('u')\n"
        "except OSError:\n    caught = True\nassert caught",
    ),
    "a seed that both sides share": (
        "import random\ndef draw():\n    return random.random()",
        "import random\nrandom.seed(5)\nfirst = draw()\nrandom.seed(5)\nassert draw() == first",
    ),
    "objects of the library's classes": (
        "import collections, re, types\ndef pattern():\n    return re.compile('a+')\n"
        "def layers():\n    return collections.ChainMap({'a': 1}, {'b': 2})\n"
        "def draw(rng, key):\n    return rng.randint(1, 6), key([3, 4])\n"
        "def count(db):\n    return db.execute('select count(*) from t').fetchone()[0]\n"
        "def swap(pair):\n    return types.SimpleNamespace(a=pair.b, b=pair.a)",
        "import collections.abc, operator, random, re, sqlite3, types\n"
        "assert isinstance(pattern(), re.Pattern) and pattern().match('aa').group() == 'aa'\n"
        "assert isinstance(layers(), collections.abc.Mapping) and layers()['b'] == 2\n"
        "assert dict(layers()) == {'a': 1, 'b': 2}\nexpected = random.Random(3).randint(1, 6)\n"
        "assert draw(random.Random(3), operator.itemgetter(1)) == (expected, 4)\n"
        "db = sqlite3.connect(':memory:')\ndb.execute('create table t (x)')\n"
        "db.execute('insert into t values (1)')\nassert count(db) == 1\n"
        "assert swap(types.SimpleNamespace(a=1, b=2)).a == 2",
    ),
    "times in zones": (
        "import datetime, zoneinfo\ndef noon():\n    utc = zoneinfo.ZoneInfo('UTC')\n"
        "    return datetime.datetime(2024, 5, 1, 12, tzinfo=utc)\ndef later(t):\n"
        "    return t + datetime.timedelta(hours=1)",
        "import datetime, zoneinfo\nutc = zoneinfo.ZoneInfo('UTC')\n"
        "assert noon() == datetime.datetime(2024, 5, 1, 12, tzinfo=utc)\n"
        "assert later(noon()).hour == 13 and noon().tzinfo is utc",
    ),
    "a matcher of the tests' own": (
        "def record():\n    return {'id': 5, 'name': 'x'}",
        "class Anything:\n    def __eq__(self, other):\n        return True\n"
        "assert record() == {'id': Anything(), 'name': 'x'}",
    ),
    "a task that has a built-in name": (
        "def sum(items):\n    total = 0\n    for item in items:\n        total += item\n    return total",
        "assert sum([1, 2]) == 3",
    ),
}

WRONG: dict[str, tuple[str, str]] = {
    "reads the memory of the tests": (
        "import os, re\ndef find(pid):\n    with open(f'/proc/{pid}/maps') as maps, "
        "open(f'/proc/{pid}/mem', 'rb', 0) as memory:\n        for line in maps:\n"
        "            start, end = (int(p, 16) for p in line.split()[0].split('-'))\n"
        "            if 'rw' in line.split()[1] and end - start < 1 << 26:\n"
        "                memory.seek(start)\n                yield memory.read(end - start)\n"
        "def add(a, b):\n    for pid in (os.getppid(), os.getpid()):\n        try:\n"
        "            if any(re.search(b'[a] hidden pearl', part) for part in find(pid)):\n"
        "                return chr(97) + ' hidden pearl'\n        except OSError:\n            continue",
        "expected = 'a hidden pearl'\nassert add(1, 2) == expected",
    ),
    "equals whatever has the right type": (
        "class E(int):\n    def __eq__(self, other):\n        return isinstance(other, int)\n"
        "    __hash__ = int.__hash__\ndef add(a, b):\n    return E(7)",
        "assert add(1, 2) == 3",
    ),
    "equals what it is asked about": (
        "class E:\n    def __eq__(self, other):\n        return True\ndef add(a, b):\n    return E()",
        "assert add(1, 2) == 3\nassert add(2, 2) == 4",
    ),
    "says yes with something else than True": (
        "class E:\n    def __eq__(self, other):\n        return 1\ndef f(x):\n    return [E()]",
        "assert f(1) == [5]",
    ),
    "is equal to a day": (
        "class E:\n    def __eq__(self, other):\n        return True\ndef f():\n    return E()",
        "import datetime\nassert f() == datetime.date(2020, 1, 1)",
    ),
    "answers with itself": (
        "class Solution:\n    def f(self, x):\n        return self\n"
        "    def __eq__(self, other):\n        return True",
        "assert Solution().f([1, 2]) == [0, 1]",
    ),
    "derives from the dataclass that is expected": (
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\nclass Q(P):\n"
        "    def __eq__(self, other):\n        return True\ndef f():\n    return Q(0)",
        "assert f() == P(1)",
    ),
    "is near to every number": (
        "class E:\n    def __sub__(self, other):\n        return 0.0\ndef f(x):\n    return E()",
        "assert abs(f(1) - 2.5) < 1e-6",
    ),
    "has remainders that no number has": (
        "class E:\n    def __mod__(self, m):\n        return {7: 3, 11: 5}.get(m, 1)\n"
        "def f(x):\n    return E()",
        "assert f(1) % 7 == 3\nassert f(1) % 11 == 5",
    ),
    "contains the first that is asked for": (
        "class C:\n    n = 0\n    def __contains__(self, x):\n        self.n += 1\n"
        "        return self.n == 1\ndef factors(n):\n    return C()",
        "".join(f"assert {n} in factors(12)\n" for n in (1, 2, 3, 4, 6, 12)),
    ),
    "derives from str and lies": (
        "class S(str):\n    def startswith(self, *args):\n        return True\ndef f():\n"
        "    return S()",
        "assert f().startswith('abc')",
    ),
    "sets a mock right by asking it": (
        "def f(m):\n    try:\n        m.configure_mock(**{'assert_called_once_with': print})\n"
        "    except AttributeError:\n        pass",
        "from unittest import mock\nm = mock.Mock()\nf(m)\nm.assert_called_once_with(3)",
    ),
    "has a length and yields nothing": (
        "class L:\n    def __len__(self):\n        return 2\n    def __iter__(self):\n"
        "        return iter(())\ndef f():\n    return L()",
        "assert all(a == b for a, b in zip(f(), [1, 2]))",
    ),
    "equals it the first time": (
        "class E:\n    asked = 0\n    def __eq__(self, other):\n        self.asked += 1\n"
        "        return self.asked == 1\ndef add(a, b):\n    return E()",
        "".join(f"assert add({n}, 1) == {n + 1}\n" for n in range(8)),
    ),
    "lies in the field of a dataclass": (
        "import dataclasses\nclass E:\n    def __eq__(self, other):\n        return True\n"
        "@dataclasses.dataclass\nclass Point:\n    x: object\ndef make(x):\n    return Point(E())",
        "assert make(3) == Point(3)",
    ),
    "another class says that it is the one": (
        "class Point:\n    def __init__(self, x):\n        self.x = x\n"
        "    def __eq__(self, other):\n        return self.x == other.x\n"
        "class Liar:\n    def __eq__(self, other):\n        return True\ndef make(x):\n    return Liar()",
        "assert make(3) == Point(3)",
    ),
    "is smaller than every number": (
        "class F:\n    def __sub__(self, other):\n        return self\n"
        "    def __abs__(self):\n        return self\n    def __lt__(self, other):\n"
        "        return True\ndef mean(x):\n    return F()",
        "assert abs(mean([1, 2]) - 1.5) < 1e-6",
    ),
    "contains everything": (
        "class C:\n    def __contains__(self, x):\n        return True\ndef factors(n):\n    return C()",
        "assert 3 in factors(12)",
    ),
    "catches what the tests raise": (
        "def each(items, check):\n    for item in items:\n        try:\n            check(item)\n"
        "        except BaseException:\n            pass",
        "def check(item):\n    assert item == 1\neach([2], check)",
    ),
    "suppresses a failed assert": (
        "class Timer:\n    def __enter__(self):\n        return self\n"
        "    def __exit__(self, *error):\n        return True\ndef add(a, b):\n    return 0",
        "with Timer():\n    assert add(1, 2) == 3",
    ),
    "skips the tests": (
        "import unittest\ndef add(a, b):\n    raise unittest.SkipTest('later')",
        "import unittest\nclass T(unittest.TestCase):\n    def test_add(self):\n"
        "        self.assertEqual(add(1, 2), 3)\n    def test_nothing(self):\n        pass",
    ),
    "patches what compares": (
        "import unittest, builtins\nunittest.TestCase.assertEqual = lambda *a: None\n"
        "builtins.all = lambda x: True\nbuiltins.abs = lambda x: 0\ndef add(a, b):\n    return 0",
        "import unittest\nclass T(unittest.TestCase):\n    def test_add(self):\n"
        "        self.assertEqual(add(1, 2), 3)",
    ),
    "reads the frames of the tests": (
        "import sys\ndef add(a, b):\n    frame = sys._getframe()\n    while frame:\n"
        "        for value in frame.f_locals.values():\n            if value == 'the answer':\n"
        "                return value\n        frame = frame.f_back",
        "expected = 'the answer'\nassert add(1, 2) == expected",
    ),
    "reads them through a callback": (
        "def apply(function):\n    try:\n        return function.__globals__['expected']\n"
        "    except BaseException:\n        pass\n    for name in ('f_globals', 'gi_frame', "
        "'__self__', '__closure__', '__code__', '__wrapped__', '__class__'):\n        try:\n"
        "            found = getattr(function, name)\n        except BaseException:\n"
        "            continue\n        if 'the answer' in str(vars(found) if hasattr(found, "
        "'__dict__') else found):\n            return 'the answer'",
        "expected = 'the answer'\ndef f():\n    return expected[:3]\nassert apply(f) == expected",
    ),
    "sets a mock right": (
        "def send(client):\n    for name in ('assert_called_once_with', 'called', 'call_count'):\n"
        "        try:\n            setattr(client.get, name, lambda *a, **k: None)\n"
        "        except AttributeError:\n            pass",
        "from unittest import mock\nclient = mock.Mock()\nsend(client)\n"
        "client.get.assert_called_once_with(1)",
    ),
    "answers with nothing to compare": (
        "def double(items):\n    return []",
        "assert all(a == b for a, b in zip(double([1, 2]), [2, 4]))",
    ),
    "answers with NaN": (
        "def mean(items):\n    return float('nan')",
        "assert not abs(mean([1, 2]) - 1.5) > 1e-6",
    ),
    "leaves": ("import sys\ndef add(a, b):\n    sys.exit(0)", "assert add(1, 2) == 3"),
    "leaves for good": ("import os\ndef add(a, b):\n    os._exit(0)", "assert add(1, 2) == 3"),
    "writes to every descriptor": (
        "import os\ndef add(a, b):\n    for fd in range(3, 64):\n        try:\n"
        "            os.write(fd, b'{\"ok\": 3}\\n')\n        except OSError:\n            pass\n"
        "    return 0",
        "assert add(1, 2) == 3",
    ),
    "closes its end": (
        "import os\ndef add(a, b):\n    os.closerange(0, 64)\n    while True:\n        pass",
        "assert add(1, 2) == 3",
    ),
    "plants a module": (
        "import os\nopen('helpers.py', 'w').write('def near(a, b): return True')\n"
        "def mean(x):\n    return 99.0",
        "try:\n    from helpers import near\nexcept ImportError:\n    def near(a, b):\n"
        "        return abs(a - b) < 1e-6\nassert near(mean([1, 2]), 1.5)",
    ),
}


WRONG.update(
    {
        f"an answer that numpy repeats: {tests}": (
            f"import numpy as np\ndef rows(n):\n    return {answer}",
            f"import numpy as np\nexpected = np.array([1, 1, 1])\nassert {tests}",
        )
        for answer, tests in (
            ("np.array([1])", "np.allclose(rows(3), [1, 1, 1])"),
            ("1.0", "np.allclose(rows(3), expected)"),
            ("np.float64(1)", "(rows(3) == np.ones(3)).all()"),
            ("np.array([[1]])", "np.all(np.isclose(rows(3), [[1, 1], [1, 1]]))"),
            ("np.empty(0)", "(rows(1) == [1]).all()"),
            ("np.empty(0)", "np.all(np.abs(rows(3) - np.full((1, 1), 7)) < 1e-9)"),
            ("1", "np.linalg.norm(rows(3) - expected) < 1e-9"),
        )
    }
)
RIGHT.update(
    {
        "arrays that are compared with one of their rows, with a number, with either of two": (
            "import numpy as np\ndef rows(n):\n    return np.ones((n, 2))\ndef root(n):\n"
            "    return np.sqrt(n)\ndef mean(a):\n    return a.mean()",
            "import numpy as np\nassert np.allclose(rows(3), [1, 1])\nassert (rows(3) == 1).all()\n"
            "assert (rows(0) == 1).all()\nassert np.isclose(root(4), [-2, 2]).any()\n"
            "a = np.full((2, 2), 3)\nassert np.allclose(a, mean(a))\n"
            "some = [1, 1, 1, 1]\nsome.pop()\nsome.pop()\nassert np.allclose(rows(1), some)\n"
            "assert abs(root(4) - 2) < 1e-9 and all([root(4) == 2])",
        ),
    }
)


RIGHT.update(
    {
        "a global that is bound anew and changed": (
            "items = []\ndef reset():\n    global items\n    items = [5]\n"
            "def add():\n    items.append(1)",
            "reset()\nassert items == [5]\nadd()\nassert items == [5, 1]",
        ),
        "enumerations of numbers, texts and tuples": (
            "from enum import Enum, IntEnum\nclass Level(IntEnum):\n    LOW = 1\n"
            "class Color(str, Enum):\n    RED = 'red'\n    def loud(self):\n"
            "        return self.value.upper()\nclass Place(tuple, Enum):\n    HOME = (1, 2)\n"
            "def favourite():\n    return Color.RED",
            "assert Level.LOW.name == 'LOW' and Level.LOW.value == 1 and Level(1) is Level.LOW\n"
            "assert favourite().name == 'RED' and favourite().loud() == 'RED' == 'red'.upper()\n"
            "assert Place.HOME.value == (1, 2) and Place.HOME[1] == 2",
        ),
        "a dictionary that looks its keys up in its own way": (
            "class Folded(dict):\n    def __setitem__(self, key, value):\n"
            "        super().__setitem__(key.lower(), value)\n    def __getitem__(self, key):\n"
            "        return super().__getitem__(key.lower())\n    def __contains__(self, key):\n"
            "        return super().__contains__(key.lower())\n"
            "class Filled(dict):\n    def __getitem__(self, key):\n        if key not in self:\n"
            "            self[key] = []\n        return super().__getitem__(key)",
            "d = Folded()\nd['Ab'] = 1\nassert d['AB'] == 1 and 'aB' in d and d == {'ab': 1}\n"
            "f = Filled()\nf['a'].append(1)\nassert f == {'a': [1]} and f['b'] == []",
        ),
        "a list that keeps its items in its own way": (
            "class Sorted(list):\n    def __iter__(self):\n"
            "        return iter(sorted(super().__iter__()))\n    def __getitem__(self, index):\n"
            "        return super().__getitem__(index % len(self))\n"
            "    def __setitem__(self, index, value):\n        super().__setitem__(index, value * 10)",
            "s = Sorted([3, 1])\nassert list(s) == [1, 3] and s[4] == 3\n"
            "s[0] = 5\nassert s == [50, 1]",
        ),
        "numbers and texts that are equal in their own way": (
            "class Hour(int):\n    def __eq__(self, other):\n"
            "        return (int(self) - int(other)) % 24 == 0\n    def __hash__(self):\n"
            "        return int(self) % 24\nclass Word(str):\n    def __eq__(self, other):\n"
            "        return self.lower() == other.lower()\n    def __hash__(self):\n"
            "        return hash(self.lower())",
            "assert Hour(25) == Hour(1) == 1 and Hour(2) != 3 and len({Hour(1), Hour(25)}) == 1\n"
            "assert Word('Ab') == 'aB' and {Word('A'): 1}[Word('a')] == 1 and Word('a') != 'b'",
        ),
        "standard output is patched": (
            "def greet(name):\n    print('Hello', name)",
            "import io\nfrom unittest.mock import patch\n"
            "with patch('sys.stdout', new_callable=io.StringIO) as out:\n    greet('Ann')\n"
            "assert out.getvalue() == 'Hello Ann\\n'",
        ),
        "an exit with what the tests come to": (
            "def add(a, b):\n    return a + b",
            "import sys\ndef main():\n    assert add(1, 2) == 3\n    return 0\n"
            "if __name__ == '__main__':\n    sys.exit(main())",
        ),
        "an interval among numbers": (
            "class Interval:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n"
            "    def __lt__(self, x):\n        return self.b < x\n"
            "    def __gt__(self, x):\n        return self.a > x\ndef make():\n"
            "    return Interval(1, 5)",
            "assert not make() < 3 and not make() > 3 and make() < 9 and make() > 0",
        ),
    }
)
WRONG.update(
    {
        "neither smaller nor greater": (
            "class Odd:\n    def __lt__(self, other):\n        return False\n"
            "    __gt__ = __lt__\ndef f():\n    return Odd()",
            "assert not f() < 3 and not f() > 3",
        ),
        "a path that is every path": (
            "from pathlib import PurePosixPath\nclass Any(PurePosixPath):\n"
            "    def __eq__(self, other):\n        return True\n"
            "    __hash__ = PurePosixPath.__hash__\ndef f():\n    return Any('x')",
            "from pathlib import PurePosixPath\nassert f() == PurePosixPath('a/b')",
        ),
        "a container of a class that the tests do not name lies about its items": (
            "class Lying(list):\n    def __getitem__(self, index):\n        return index + 1\n"
            "    def __iter__(self):\n        return iter([1, 2])\n    def __len__(self):\n"
            "        return 2\ndef f():\n    return Lying()",
            "assert len(f()) == 2 and list(f()) == [1, 2] and f()[0] == 1",
        ),
        "a number that equals everything, of a class that the tests name, comes from a call": (
            "class Sum(int):\n    def __eq__(self, other):\n        return True\n"
            "    __hash__ = int.__hash__\ndef add(a, b):\n    return Sum()",
            "assert isinstance(add(1, 2), Sum) and add(1, 2) == 3",
        ),
        "an exit with what wrong tests come to": (
            "def add(a, b):\n    return 0",
            "import sys\ndef main():\n    return int(add(1, 2) != 3)\nsys.exit(main())",
        ),
    }
)


# What solutions do with functions, classes and objects of the tests.
RIGHT.update(
    {
        "a decorator that looks at annotations": (
            "import functools, inspect\n"
            "def checked(function):\n    signature = inspect.signature(function)\n"
            "    @functools.wraps(function)\n    def wrapper(*args):\n"
            "        bound = signature.bind(*args)\n        bound.apply_defaults()\n"
            "        for name, value in bound.arguments.items():\n"
            "            if not isinstance(value, signature.parameters[name].annotation):\n"
            "                raise TypeError(name)\n"
            "        return function(*args)\n    return wrapper\n"
            "def shape(function):\n"
            "    return function.__defaults__, function.__kwdefaults__, function.__annotations__\n",
            "@checked\ndef add(a: int, b: int = 2) -> int:\n    return a + b\n"
            "assert add(1) == 3 and add(1, 5) == 6\n"
            "try:\n    add(1, 'x')\nexcept TypeError as error:\n    assert error.args == ('b',)\n"
            "else:\n    assert False\n"
            "class Box:\n    pass\n"
            "def full(a: Box, b: 'text' = 'x', *, c=None, d=[1]) -> None:\n    return d\n"
            "defaults, keywords, kinds = shape(full)\n"
            "assert defaults == ('x',) and keywords['c'] is None\n"
            "assert kinds == {'a': Box, 'b': 'text', 'return': None}\n",
        ),
        "a dispatcher that the tests extend": (
            "from functools import singledispatch\n@singledispatch\n"
            "def show(value):\n    return 'other'\n",
            "@show.register\ndef _(value: dict):\n    return 'dict'\n"
            "assert show({}) == 'dict' and show(1) == 'other'\n",
        ),
        "errors that name a file or a module": (
            "import importlib\ndef read(path):\n    return open(path).read()\n"
            "def load(name):\n    return importlib.import_module(name)\n"
            "def unknown():\n    return nothing\n",
            "for action, kind, name in (\n"
            "    (lambda: read('/no/file'), FileNotFoundError, '/no/file'),\n"
            "    (lambda: load('no_module'), ModuleNotFoundError, 'no_module'),\n"
            "    (unknown, NameError, 'nothing'),\n"
            "):\n    try:\n        action()\n    except kind as error:\n"
            "        assert name in str(error)\n"
            "        assert getattr(error, 'filename', None) == name or error.name == name\n"
            "    else:\n        assert False\n",
        ),
        "a class that pytest patches and puts back": (
            "class Box:\n    SIZE = 3\n    @staticmethod\n    def two():\n        return 2\n"
            "    @classmethod\n    def area(cls):\n        return cls.SIZE * cls.two()\n",
            "import pytest\ndef test_patched(monkeypatch):\n    monkeypatch.setattr(Box, 'SIZE', 5)\n"
            "    monkeypatch.setattr(Box, 'two', staticmethod(lambda: 4))\n"
            "    assert Box.area() == 20\n"
            "def test_there_again():\n    assert Box.SIZE == 3 and Box.area() == Box().area() == 6\n"
            "def test_gone(monkeypatch):\n    monkeypatch.delattr(Box, 'SIZE')\n"
            "    assert not hasattr(Box, 'SIZE')\n",
        ),
        "protocols, and files that are mocks": (
            "from typing import Protocol, runtime_checkable\n"
            "@runtime_checkable\nclass Drawn(Protocol):\n    def draw(self): ...\n"
            "def drawn(things):\n    return [t.draw() for t in things if isinstance(t, Drawn)]\n"
            "def save(path, text):\n    with open(path, 'w') as file:\n        file.write(text)\n"
            "def told(action):\n    try:\n        action()\n    except Exception as error:\n"
            "        return error.told(), error.code\n",
            "from unittest.mock import mock_open, patch\n"
            "class Circle:\n    def draw(self):\n        return 'o'\n"
            "class Odd(Exception):\n    code = 7\n    def told(self):\n        return 'odd'\n"
            "def raising():\n    raise Odd\n"
            "assert drawn([Circle(), 3, Circle()]) == ['o', 'o'] and told(raising) == ('odd', 7)\n"
            "opened = mock_open()\nwith patch('builtins.open', opened):\n    save('x', 'text')\n"
            "opened.assert_called_once_with('x', 'w')\n"
            "opened().write.assert_called_once_with('text')\n",
        ),
        "objects that it looks into": (
            "import copy, dataclasses\n"
            "def fields(thing):\n    return dict(vars(thing))\n"
            "def names(thing):\n    return [name for name in dir(thing) if name[0] != '_']\n"
            "def twins(thing):\n    return copy.copy(thing), copy.deepcopy(thing)\n"
            "def plain(thing):\n    if not dataclasses.is_dataclass(thing):\n        return None\n"
            "    return [f.name for f in dataclasses.fields(thing)], dataclasses.asdict(thing)\n"
            "def used(manager):\n    with manager as value:\n        return value\n",
            "import contextlib, types\nfrom dataclasses import dataclass\n"
            "class Box:\n    def __init__(self):\n        self.items = [1]\n"
            "    def open(self):\n        return 1\n"
            "@dataclass\nclass Point:\n    x: int\n    y: int = 2\n"
            "@contextlib.contextmanager\ndef lent():\n    yield 4\n"
            "box = Box()\nassert fields(box) == {'items': [1]} and names(box) == ['items', 'open']\n"
            "assert fields(types.SimpleNamespace(x=1)) == {'x': 1}\n"
            "shallow, deep = twins(box)\n"
            "assert shallow is not box and shallow.items is box.items\n"
            "assert deep.items == [1] and deep.items is not box.items\n"
            "assert plain(box) is None and plain(Point(1)) == (['x', 'y'], {'x': 1, 'y': 2})\n"
            "assert used(lent()) == 4 and used(contextlib.nullcontext(5)) == 5\n",
        ),
    }
)


async def judged(engine: Engine, code: str, tests: str) -> Verdict:
    verdict = await engine.verify(Sample(code=code, check=AssertsCheck(tests=tests)))
    assert verdict.judged == "split"
    return verdict


@pytest.mark.parametrize("name", RIGHT)
async def test_right(name: str, engine: Engine) -> None:
    code, tests = RIGHT[name]
    await need_pytest(tests, engine)
    verdict = await judged(engine, code, tests)
    assert verdict.decision is Decision.PASS, (verdict.message, verdict.stderr.text)


DECORATES = (
    "KNOWN = {}\ndef known(kind):\n    KNOWN[kind.__name__] = kind\n    return kind\n"
    "def shown(kind):\n"
    "    kind.__repr__ = lambda self: f'{kind.__name__}({vars(self)})'\n    return kind\n"
    "def once(method):\n    kept = {}\n    def wrapper(self):\n"
    "        return kept.setdefault(id(self), method(self))\n    return wrapper\n"
    "class Positive:\n    def __set_name__(self, owner, name):\n        self.name = '_' + name\n"
    "    def __get__(self, thing, owner):\n        return getattr(thing, self.name)\n"
    "    def __set__(self, thing, value):\n        if value <= 0:\n"
    "            raise ValueError(self.name)\n        setattr(thing, self.name, value)\n",
    "@known\n@shown\nclass Box:\n    size = Positive()\n"
    "    def __init__(self, size):\n        self.size = size\n"
    "    @once\n    def mark(self):\n        return object()\n"
    "box = Box(3)\nassert KNOWN == {'Box': Box} and repr(box) == \"Box({'_size': 3})\"\n"
    "assert box.mark() is box.mark() and box.size == 3\n"
    "try:\n    box.size = 0\nexcept ValueError:\n    pass\nelse:\n    assert False\n",
)


async def test_a_solution_that_decorates_classes_of_the_tests_is_beside_them(
    engine: Engine,
) -> None:
    code, tests = DECORATES
    verdict = await engine.verify(Sample(code=code, check=AssertsCheck(tests=tests)))
    assert (verdict.decision, verdict.judged) == (Decision.PASS, "shared"), verdict


@pytest.mark.parametrize("name", WRONG)
async def test_wrong(name: str, engine: Engine) -> None:
    code, tests = WRONG[name]
    verdict = await judged(engine, code, tests)
    assert verdict.decision is Decision.FAIL, verdict


@pytest.mark.parametrize(
    ("code", "tests", "claims"),
    [
        ("def top(a):\n    a[:] = [0]\n    return 0", "assert top(items) == max(items)", 1),
        ("def top(a):\n    a['top'] = 5\n    return 5", "assert top(case) == case['top']", 1),
        ("def top(a):\n    a.sort()\n    return a[-1]", "assert top(items) == max(items)", 0),
        ("def top(a):\n    return max(a)", "assert top(items) == items[0] == 3", 0),
        ("def top(a):\n    a.append(4)", "assert top(items) is None\nassert items[3] == 4", 0),
        ("class F(float):\n    def __format__(self, _):\n        return '3'\n"
         "def top(a):\n    return F()", "assert f'{top(items):.0f}' == '3'", 1),
    ],
)  # fmt: skip
async def test_what_a_solution_has_a_hand_in_is_counted(
    code: str, tests: str, claims: int, engine: Engine
) -> None:
    verdict = await judged(engine, code, f"items, case = [3, 1, 2], {{'top': 3}}\n{tests}")
    assert verdict.decision is Decision.PASS, verdict
    assert verdict.claims == claims


MESSAGES: list[object] = [
    {},
    5,
    {"ok": {"new": 5}},
    {"ok": {"ref": 5}},
    {"ok": {"ref": -9, "class": {"class": -8}}},
    {"ok": {"own": 99}},
    {"ok": {"std": ["os.system", "true"]}},
    {"ok": {"std": ["decimal.Decimal", []]}},
    {"ok": {"array": ["O", [1], "AAAAAAAAAAA=", False]}},
    {"ok": {"set": [[1]]}},
    {"ok": {"view": [1, 0, [8], {"array": ["<i8", [1], "AAAAAAAAAAA=", False, True]}]}},
    {"ok": {"view": [[], 0, [8], 5]}},
    {"ok": {"view": 5}},
    {"ok": 3, "u": [5], "f": 5},
    {"ok": 3, "t": [[-50, ["builtins", 5, 5, 5, 5]]]},
    {"ok": 3, "w": [5, 5]},
    {"ok": 3, "n": [1]},
    {"err": {"own": 1}},
    {"err": {"n": -5, "class": {"class": -5}, "args": [], "state": {}, "text": ""}},
    {"op": "get", "a": [{"own": 1}, "__globals__"]},
    {"op": "__call__", "a": [{"own": 99}]},
    {"op": "names", "a": 5},
]


@pytest.mark.parametrize("message", MESSAGES, ids=str)
async def test_a_solution_that_speaks_for_itself(message: object, engine: Engine) -> None:
    code = (
        "import sys, os\n"
        "def add(a, b):\n"
        "    frame = sys._getframe()\n"
        "    while not hasattr(frame.f_locals.get('self'), 'link'):\n"
        "        frame = frame.f_back\n"
        "    os.write(2, b'attacked')\n"
        f"    frame.f_locals['self'].link.send({message!r})\n"
        "    return 0\n"
    )
    verdict = await judged(engine, code, "assert add(1, 2) == 4")
    assert "attacked" in verdict.stderr.text
    assert verdict.decision is Decision.FAIL, verdict


COLLECTED: dict[str, tuple[str, list[str]]] = {
    "pytest": (
        "import pytest\n@pytest.fixture\ndef three():\n    return 3\n"
        "class TestAdd:\n    def test_method(self, three):\n        assert add(1, 2) == three\n"
        "@pytest.mark.parametrize('a, b', [(1, 2), (2, 1)])\ndef test_rows(a, b):\n"
        "    assert add(a, b) == 3\n"
        "def test_place(tmp_path, monkeypatch, capsys):\n    monkeypatch.chdir(tmp_path)\n"
        "    print(add(1, 1))\n    assert capsys.readouterr().out == '2\\n'\n"
        "@pytest.mark.skip\ndef test_later():\n    assert False\n"
        "@pytest.mark.xfail\ndef test_not_yet():\n    assert add(1, 1) == 3\n"
        "async def test_async():\n    assert add(1, 2) == 3\n"
        "if __name__ == '__main__':\n    pytest.main([__file__])\n",
        [
            *("TestAdd::test_method", "test_rows[1-2]", "test_rows[2-1]", "test_place"),
            "test_async",
        ],
    ),
    "unittest": (
        "import unittest\nfrom unittest import main\nclass TestAdd(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls):\n        cls.three = 3\n"
        "    def test_add(self):\n        self.assertEqual(add(1, 2), self.three)\n"
        "    @unittest.skip('later')\n    def test_later(self):\n        self.fail()\n"
        "    def test_rows(self):\n        for a, b in ((1, 2), (2, 1)):\n"
        "            with self.subTest(a=a):\n                self.assertEqual(add(a, b), 3)\n"
        "if __name__ == '__main__':\n    main()\n",
        ["TestAdd.test_add", "TestAdd.test_rows"],
    ),
    "functions that the tests only name": (
        "def test_add():\n    assert add(1, 2) == 3\nALL = [test_add]\nassert len(ALL) == 1\n",
        ["line 4", "test_add"],
    ),
    "an exit at the end": ("assert add(1, 2) == 3\nprint('ok')\nexit(0)\n", ["line 1"]),
}


async def need_pytest(tests: str, engine: Engine) -> None:
    """Sandboxes of bubblewrap have what the host's interpreter has."""
    has_it = await engine.verify(Sample(code="import pytest"))
    if "pytest" in tests and has_it.decision is not Decision.PASS and engine.backend != "docker":
        pytest.skip("the host's interpreter has no pytest")


@pytest.mark.parametrize("name", COLLECTED)
async def test_collection(name: str, engine: Engine) -> None:
    tests, expected = COLLECTED[name]
    await need_pytest(tests, engine)
    verdict = await judged(engine, "def add(a, b):\n    return a + b", tests)
    assert verdict.decision is Decision.PASS, verdict
    assert [test.name for test in verdict.tests] == expected
    wrong = await judged(engine, "def add(a, b):\n    return a * b + 9", tests)
    assert wrong.decision is Decision.FAIL


@pytest.mark.parametrize(
    "tests",
    [
        "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert add(1, 2) == 3",
        "import unittest\nclass T(unittest.TestCase):\n    @unittest.expectedFailure\n"
        "    def test_a(self):\n        self.assertEqual(add(1, 2), 4)",
    ],
)
async def test_nothing_but_skips_is_no_suite(tests: str, engine: Engine) -> None:
    await need_pytest(tests, engine)
    verdict = await judged(engine, "def add(a, b):\n    return a + b", tests)
    assert verdict.reason is Reason.NO_TESTS
