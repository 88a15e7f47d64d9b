"""Inferred imports: by table, and against the imports of the modules that functions come from."""

import ast

import pytest
from pydantic import ValidationError
from rules_corpus import functions_of, modules, seed

from veristone.generators.seeds.filters.autoimport_tool import MAX_CHARACTERS, added_imports
from veristone.generators.seeds.filters.imports import Imports, import_lines, missing_imports
from veristone.generators.seeds.filters.origins import Import
from veristone.generators.seeds.filters.scopes import undefined_names
from veristone.generators.seeds.filters.trees import Parsed, parse
from veristone.generators.seeds.records import Seed

# Bodies of `def f(x):`, or whole functions, and the import lines that they need.
CASES: dict[str, tuple[str, ...]] = {
    # A module or its member, by how it is used.
    "return datetime.now()": ("from datetime import datetime",),
    "return datetime.datetime(x, 1, 1) + datetime.timedelta(1)": ("import datetime",),
    "return datetime(x, 1, 1) - timedelta(1)": ("from datetime import datetime, timedelta",),
    "return isinstance(x, datetime)": ("from datetime import datetime",),
    "return datetime.now() - datetime.timedelta(1)": (),
    "return date.today()": ("from datetime import date",),
    "return date(x)": (),
    "return timezone.utc": ("from datetime import timezone",),
    "return timezone.now()": (),
    "return time.time()": ("import time",),
    "return time() - x": ("from time import time",),
    "return time(x)": (),
    "return copy.deepcopy(x)": ("import copy",),
    "return copy(x)": ("from copy import copy",),
    "return copy(x, x)": (),
    "return random.choice(x)": ("import random",),
    "return random()": ("from random import random",),
    "return random(10)": (),
    "return glob.glob(x)": ("import glob",),
    "return glob(x)": ("from glob import glob",),
    "pprint.pprint(x)": ("import pprint",),
    "pprint(x)": ("from pprint import pprint",),
    "return json.loads(x)": ("import json",),
    "return json.parse(x)": (),
    "return string.lower()": (),
    "return string.digits": ("import string",),
    "return token.value": (),
    "return queue.append(x)": (),
    "return queue.Queue()": ("import queue",),
    "return [json, json.dumps(x)]": ("import json",),
    "return json": (),
    "return sys._getframe(x)": ("import sys",),
    # Packages and what is below them.
    "return os.path.join(x, 'a')": ("import os",),
    "return urllib.parse.quote(x)": ("import urllib.parse",),
    "return urllib.urlopen(x)": (),
    "return isinstance(x, collections.abc.Mapping)": ("import collections.abc",),
    "return importlib.util.find_spec(x), importlib.import_module(x)": ("import importlib.util",),
    "return xml.etree.ElementTree.parse(x)": ("import xml.etree.ElementTree",),
    "return ET.fromstring(x)": ("import xml.etree.ElementTree as ET",),
    "return dt.datetime.now()": ("import datetime as dt",),
    "return dt.now()": (),
    "return osp.join(x, 'a')": ("from os import path as osp",),
    # Distinctive names, and what contradicts them.
    "return defaultdict(list), Path(x), Decimal(x)": (
        "from collections import defaultdict",
        "from decimal import Decimal",
        "from pathlib import Path",
    ),
    "return Counter.objects.filter(x)": (),
    "return Counter.fromkeys(x)": ("from collections import Counter",),
    "return chain.from_iterable(x)": ("from itertools import chain",),
    "return sorted(x, key=itemgetter(1))": ("from operator import itemgetter",),
    "return reduce(x, [1])": ("from functools import reduce",),
    "return reduce(x)": (),
    "return heappop(x)": ("from heapq import heappop",),
    "return gcd(x, 2)": ("from math import gcd",),
    "return gcd": (),
    # Everyday words: only where nothing else can be meant.
    "return [a for a, b in product(x, x)]": ("from itertools import product",),
    "return product(x)": (),
    "return product(x, x)": (),
    "for i in count(1): print(i)": ("from itertools import count",),
    "return count(x)": (),
    "return 2 * pi * sqrt(x)": ("from math import pi, sqrt",),
    "return log(x) / log(2)": ("from math import log",),
    "log('x')": (),
    "return choice(x), name, path, data": (),
    # Annotations.
    "def f(x: List[int]) -> Optional['Path']: pass": (
        "from pathlib import Path",
        "from typing import List, Optional",
    ),
    "def f(x: Iterable) -> Iterator[int]: yield x": ("from typing import Iterable, Iterator",),
    "def f(x: Sequence): return isinstance(x, Sequence)": ("from collections.abc import Sequence",),
    "return isinstance(x, (Mapping, set))": ("from collections.abc import Mapping",),
    "return Sequence(x)": (),
    "def f(x: Pattern[str]): return x": ("from typing import Pattern",),
    "def f(x: Pattern): return x": (),
    "def f(x: Literal['a']): return x": ("from typing import Literal",),
    # Nothing to do.
    "return len(x)": (),
    "import os\n    return os.getcwd()": (),
    "return np.array(x)": (),
}


def inferred(body: str, **settings: object) -> tuple[str, ...]:
    code = body if body.startswith("def ") else f"def f(x):\n    {body}\n"
    outcome = Imports.model_validate(settings).judge(seed(code))
    assert isinstance(outcome, Seed)
    return outcome.imports


@pytest.mark.parametrize("body", CASES)
def test_imports_of_the_standard_library(body: str) -> None:
    assert inferred(body) == CASES[body]


@pytest.mark.parametrize(
    ("body", "allowed", "lines"),
    [
        ("return np.array(x)", ("numpy",), ("import numpy as np",)),
        ("return np.array(x)", ("pandas",), ()),
        ("def f(x: 'np.ndarray'): return x", ("numpy",), ("import numpy as np",)),
        ("return np(x)", ("numpy",), ()),
        ("return numpy.array(x)", ("numpy",), ("import numpy",)),
        ("return plt.plot(x)", ("matplotlib",), ("import matplotlib.pyplot as plt",)),
        ("return DataFrame(x)", ("pandas",), ("from pandas import DataFrame",)),
        ("return nn.Linear(x)", ("torch",), ("import torch.nn as nn",)),
    ],
)
def test_third_party_modules_only_where_allowed(
    body: str, allowed: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    assert inferred(body, third_party=allowed) == lines


def test_a_second_time_changes_nothing() -> None:
    rule = Imports()
    once = rule.judge(seed("def f(x: List[int]): return json.dumps(x), Path(x)"))
    assert isinstance(once, Seed)
    assert len(once.imports) == 3
    assert rule.judge(once) == once


def test_what_was_there_is_kept() -> None:
    given = seed("def f(x): return Optional, Path(x)", imports=("from typing import Optional",))
    outcome = Imports().judge(given)
    assert isinstance(outcome, Seed)
    assert outcome.imports == ("from pathlib import Path", "from typing import Optional")


@pytest.mark.parametrize(
    ("code", "shape"), [("def f(:", "function"), ("return json.dumps(x)", "snippet")]
)
def test_what_is_no_function_stays_as_it_is(code: str, shape: str) -> None:
    given = seed(code, shape=shape)
    assert Imports().judge(given) == given


def test_lines_are_merged_and_sorted() -> None:
    lines = import_lines(
        [Import("typing", "List"), Import("os"), Import("typing", "Any"), Import("a.b", alias="c")]
    )
    assert lines == ("from typing import Any, List", "import a.b as c", "import os")


@pytest.mark.parametrize("name", ["numpy.linalg", "import numpy", "", "numpy*"])
def test_wrong_names_of_modules_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="imports: "):
        Imports(third_party=(name,))


AUTOIMPORT = {
    "return json.dumps(x), Path(x)": ("from pathlib import Path", "import json"),
    "def f(x: List[int]): return x": ("from typing import List",),
    "return datetime.now()": ("from datetime import datetime",),
    "return np.array(x), defaultdict(list)": (),
    "return BaseModel(x), BeautifulSoup(x)": (),
    # Without isolation these would be found on the machine: an installed package, our own project.
    "return hypothesis.given(x), generators.seeds, A": (),
}


@pytest.mark.parametrize("body", AUTOIMPORT)
def test_autoimport(body: str) -> None:
    assert inferred(body, tool="autoimport") == AUTOIMPORT[body]


def test_autoimport_uses_its_own_table_for_what_is_allowed() -> None:
    lines = inferred("return BaseModel(x)", tool="autoimport", third_party=("pydantic",))
    assert lines == ("from pydantic import BaseModel",)


@pytest.mark.parametrize(
    "code",
    [
        "import " * 2800 + "'",
        "def f():\n x=" + '"""a' * 4900,
        "def f():\n return [" + ",".join(f"n{i}" for i in range(2800)) + "]",
        "def f(x):\n  import json;x;y\n  return os",
        "def f(:",
        "x" * (MAX_CHARACTERS + 1),
        "",
    ],
)
def test_autoimport_survives(code: str) -> None:
    assert all(line.startswith(("import ", "from ")) for line in added_imports(code, ()))


COMMON = {"collections", "functools", "json", "os", "re", "typing"}


def bindings(module: ast.Module) -> dict[str, set[str]]:
    """What the names of a module stand for, as `module.name`; local definitions as `here`."""
    found: dict[str, set[str]] = {}
    todo: list[ast.stmt] = list(module.body)
    for node in todo:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                found.setdefault(alias.asname or name, set()).add(name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origin = "." * node.level + f"{node.module or ''}.{alias.name}"
                found.setdefault(alias.asname or alias.name, set()).add(origin)
        elif isinstance(node, ast.If | ast.Try):
            todo += [*node.body, *node.orelse]
            todo += [each for handler in getattr(node, "handlers", []) for each in handler.body]
        else:
            for each in ast.walk(node):
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                    found.setdefault(each.id, set()).add("here")
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.setdefault(node.name, set()).add("here")
    return found


def same(ours: Import, truth: set[str]) -> bool:
    if not ours.name and not ours.alias:  # `import a.b` binds `a`
        return ours.module.partition(".")[0] in truth
    origin = f"{ours.module}.{ours.name}" if ours.name else ours.module
    equal = {origin, origin.replace("collections.abc.", "typing.")}
    equal |= {
        origin.replace("typing.", "collections.abc."),
        origin.replace("typing.", "typing_extensions."),
    }
    return bool(equal & truth)


def test_inferred_imports_are_those_of_the_modules() -> None:
    """What names stood for in the module that a function was cut from."""
    right, missed = 0, 0
    wrong: list[tuple[str, str, str, set[str]]] = []
    for path in modules()[:150]:
        truth: dict[str, set[str]] = {}
        for module, _, function in functions_of(path):
            truth = truth or bindings(module)
            tree = parse(function.code)
            assert isinstance(tree, Parsed)
            found = {
                each.alias or each.name or each.module.partition(".")[0]: each
                for each in missing_imports(tree)
            }
            for name in {use.name for use in undefined_names(tree)}:
                origins = truth.get(name, set())
                if name not in found:
                    missed += not {each.partition(".")[0] for each in origins}.isdisjoint(COMMON)
                elif "here" in origins or not origins:
                    continue  # a module that defines what the library has too, or `import *`
                elif same(found[name], origins):
                    right += 1
                else:
                    wrong.append((path.name, function.name, name, origins))
    assert right > 100
    # Mostly `from numpy import sqrt`, and aliases of the same thing in compatibility modules.
    assert len(wrong) < 0.06 * right, wrong
    assert missed < 0.2 * right
