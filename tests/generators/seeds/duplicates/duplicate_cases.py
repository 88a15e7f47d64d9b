"""Seeds to find duplicates among, and the rules of duplicate removal in a few lines of Python."""

import re
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import Path

from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import OrderedStep, Outcome, Rejected

_HERE = Provenance(source="test")
_FUNCTION = re.compile(r"^([ \t]*)(?:async )?def .*\n(?:(?:\1[ \t]+.*|[ \t]*)\n)+", re.MULTILINE)


def seed(code: str, language: str = "python") -> Seed:
    return Seed(
        id=seed_id(language, ascii(code)),
        code=code,
        language=language,
        provenance=_HERE,
    )


@lru_cache
def real_functions(count: int) -> list[Seed]:
    """Functions of 3 to 60 lines of the standard library's test suite and packages, in order."""
    found: list[Seed] = []
    library = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(library.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        codes = [match[0] for match in _FUNCTION.finditer(text)]
        found += [seed(code) for code in codes if 3 <= code.count("\n") <= 60]
        if len(found) >= count:
            break
    return found[:count]


def word_sets(seeds: Sequence[Seed], words: int = 5) -> list[frozenset[tuple[str, ...]]]:
    """Word n-grams as tuples: the truth that hashes stand for."""
    found: list[frozenset[tuple[str, ...]]] = []
    for one in seeds:
        run = re.findall(r"\w+", one.code)
        last = max(len(run) - words + 1, 1 if run else 0)
        found.append(frozenset(tuple(run[i : i + words]) for i in range(last)))
    return found


def overlaps(one: AbstractSet[object], other: AbstractSet[object]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def decide_all(step: OrderedStep, seeds: Sequence[Seed], stop: int = 0) -> list[Outcome]:
    """Take all seeds through a step, interrupted after `stop` of them."""
    before = list(map(step.begin(), seeds[:stop]))
    kept = [outcome for outcome in before if isinstance(outcome, Seed)]
    decide = step.begin()
    assert list(map(decide, kept)) == kept
    return [*before, *map(decide, seeds[stop:])]


def rejections(outcomes: Sequence[Outcome]) -> list[Rejected | None]:
    return [outcome if isinstance(outcome, Rejected) else None for outcome in outcomes]


def missed(seeds: Sequence[Seed], outcomes: Sequence[Outcome], threshold: float) -> list[int]:
    """Positions of kept seeds with an earlier kept one that is similar: an exact Jaccard join."""
    sets = word_sets(seeds)
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found: list[int] = []
    for position, outcome in enumerate(outcomes):
        if isinstance(outcome, Rejected):
            continue
        shared = Counter(row for shingle in sets[position] for row in rows[shingle])
        size = len(sets[position])
        if any(n >= threshold * (size + len(sets[row]) - n) for row, n in shared.items()):
            found.append(position)
        for shingle in sets[position]:
            rows[shingle].append(position)
    return found
