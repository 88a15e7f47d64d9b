"""All rules on real code: no crash, the same answer always, and only what they promise."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pydantic
import pytest
from rules_corpus import corpus, seed

from veristone.generators.code import python
from veristone.generators.seeds.filters import AnyRule
from veristone.generators.seeds.filters.imports import Imports
from veristone.generators.seeds.filters.length import Length
from veristone.generators.seeds.filters.markers import Markers
from veristone.generators.seeds.filters.modules import Modules
from veristone.generators.seeds.filters.names import Undefined
from veristone.generators.seeds.filters.safety import Safety
from veristone.generators.seeds.filters.structure import Arguments, Returns, Syntax
from veristone.generators.seeds.filters.text import Text
from veristone.generators.seeds.records import Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

RULES: tuple[Rule, ...] = (
    Syntax(),
    Length(),
    Arguments(),
    Returns(),
    Markers(),
    Text(),
    Imports(third_party=("numpy",)),
    Modules(allow=("numpy",)),
    Safety(),
    Undefined(),
)
ADAPTER: pydantic.TypeAdapter[Rule] = pydantic.TypeAdapter(AnyRule)


def outcomes(rule: Rule, seeds: tuple[Seed, ...]) -> list[Outcome]:
    return rule.apply(seeds, Path())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_real_functions(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = corpus(400)
    first = outcomes(rule, seeds)
    assert len(first) == len(seeds)
    counts: Counter[str] = Counter()
    for given, outcome in zip(seeds, first, strict=True):
        if isinstance(outcome, Rejected):
            counts[outcome.reason] += 1
            assert len(outcome.detail) <= 120
            assert "\n" not in outcome.detail
        else:
            assert isinstance(outcome, Seed)
            changed = outcome.code != given.code
            assert outcome.id == (seed_id("python", outcome.code) if changed else given.id)
    # Most real functions pass each of them, and each of them finds something. (Most names are those
    # of the module that a function was cut from.)
    assert counts.total() < 0.5 * len(seeds) or rule.kind == "undefined"
    assert rule.kind == "imports" or counts
    # Neither the order nor what was parsed before matters.
    monkeypatch.setattr(python, "_cache", {})
    assert outcomes(rule, seeds[::-1])[::-1] == first


def test_every_kind_is_known_by_its_name() -> None:
    for rule in RULES:
        settings = json.loads(rule.model_dump_json())
        assert ADAPTER.validate_python(settings) == rule
    with pytest.raises(pydantic.ValidationError, match="'kind'"):
        ADAPTER.validate_python({"kind": "magic"})
    with pytest.raises(pydantic.ValidationError, match="max_line"):
        ADAPTER.validate_python({"kind": "length", "max_line": 1})


HOSTILE = [
    "",
    "\0",
    "(" * 5000,
    "-" * 9000 + "1",
    "'" * 9000,
    "\ud800",
    "\r\n" * 5000,
    "é" * 20_000,
    "def f(x):\n" + " x\n" * 20_000,
    "#" * 40_000,
    "def f(x): '''" + ":param " * 9000 + "'''",
    "def f(x): return " + "[" * 190 + "]" * 190,
    "https://" * 9000,
    "auto generated " * 4000,
    "a" + "\n" * 40_000 + "b",
    "a\n" * 20_000,
    "a" + " " * 40_000 + "b",
    "@param " * 6000,
    "# TODO " * 6000,
    "see " * 10_000,
    "a." * 20_000,
]


@pytest.mark.parametrize("language", ["python", "java", "shell", "klingon"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_hostile_text(rule: Rule, language: str) -> None:
    if rule.languages is not None and language not in rule.languages:
        return
    for code in HOSTILE:
        for shape in ("function", "method", "snippet"):
            given = seed(code, language, shape, name=code[:50], docstring=code)
            start = time.process_time()
            outcome = rule.judge(given)
            assert time.process_time() - start < 5, code[:20]
            if isinstance(outcome, Rejected):
                assert len(outcome.detail) <= 120
                assert "\n" not in outcome.detail
            else:
                assert isinstance(outcome, Seed)
                assert outcome.id == given.id


PROGRAM = """
import hashlib, sys, warnings
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from test_rules_everywhere import RULES, corpus
digest = hashlib.sha256()
for rule in RULES:
    for seed in corpus(60):
        digest.update(repr(rule.judge(seed)).encode())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_the_same_under_any_hash_seed_and_in_any_folder(tmp_path: Path) -> None:
    here = Path(__file__).parent
    answers = set[str]()
    for number, folder in enumerate([tmp_path, here]):
        (tmp_path / "pyproject.toml").write_text("[tool.autoimport]\nnonsense = 1\n")
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, str(here), str(here.parents[3])],
            env={**os.environ, "PYTHONHASHSEED": str(number), "LC_ALL": ["C", "C.UTF-8"][number]},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(answer.stdout)
    assert len(answers) == 1


def test_reading_a_recipe_needs_no_parser() -> None:
    program = "import sys, veristone.generators.seeds.filters; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"tree_sitter", "autoimport", "autoflake", "pyflakes", "numpy", "pyarrow"}
    assert not heavy & set(answer.stdout.split())
