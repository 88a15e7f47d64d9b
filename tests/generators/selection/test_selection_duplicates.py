"""What counts as a duplicate."""

import pytest
from selection_records import passing

from veristone.generators.selection.duplicates import DuplicateFilter, Duplicates
from veristone.generators.synthesis.records import Record

WORDS = " ".join(f"word{number}" for number in range(100))


def found(of: str, *records: Record, threshold: float = 1.0) -> list[str | None]:
    rule = Duplicates.model_validate({"of": of, "threshold": threshold})
    seen = DuplicateFilter(rule)
    answers: list[str | None] = []
    for record in records:
        answers.append(seen.find(record))
        if answers[-1] is None:
            seen.add(record)
    return answers


def test_the_later_of_similar_texts_names_the_earlier_and_how_similar() -> None:
    texts = [WORDS, WORDS.replace("word50", "other"), "nothing in common at all", ""]
    records = [passing(f"{n}/0", response=text) for n, text in enumerate(texts)]
    assert found("response", *records, threshold=0.7) == [None, "0.90 of 0/0", None, None]
    assert found("response", *records, threshold=0.95) == [None, None, None, None]


def test_equal_but_for_white_space() -> None:
    one, other = passing("a/0", response="x  = 1\n"), passing("b/0", response="x = 1")
    assert found("response", one, other, passing("c/0", response="x = 2")) == [None, "a/0", None]
    rust = passing("d/0", response="x = 1", language="rust")
    assert found("response", one, rust) == [None, None], "languages are kept apart"


@pytest.mark.parametrize(
    ("rule", "codes", "same"),
    [
        ("names", ("class Big_Box:\n    def Get_It(self): pass", "def Get_It(): return 2"), True),
        ("name_set", ("def get_it(): pass\ndef b(): pass", "def B(): pass\ndef getIt(): 1"), True),
        ("name_set", ("class run: pass", "def run(): pass"), False),
        ("names", ("x = 1", "y = 2"), True),
        ("name_set", ("x = 1", "y = 2"), False),
        ("names", ("def broken(:\n  pass", "def broken(): return 1"), True),
        ("tree", ("def a(x):\n    return x + 1", "def b(y):\n    return y + 1"), True),
        ("tree", ("def a(x):\n    return x + 1", "def a(x):\n    return x + 2"), False),
    ],
)
def test_rules(rule: str, codes: tuple[str, str], same: bool) -> None:
    records = [passing(f"{n}/0", code=code) for n, code in enumerate(codes)]
    assert (found(rule, *records)[1] is not None) == same
