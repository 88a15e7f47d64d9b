"""Draws: the same for ever, spread evenly, independent of order."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from veristone.generators.synthesis.draws import Properties, chosen, deck_of, fraction, number
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record

EXAMPLES = [Example(name=f"{n:02}") for n in range(16)]


def names(record: str, seed: int = 0, decks: int = 4, examples: list[Example] = EXAMPLES) -> str:
    deck = deck_of(record, "s", seed, examples, shots=8, decks=decks)
    return " ".join(example.name for example in deck)


def test_numbers_are_what_they_were() -> None:
    """Recordings and frozen runs depend on these: a change here changes every run."""
    assert number("a", 1, below=1000) == 320
    assert fraction("a", 1) == pytest.approx(0.1982402, abs=1e-6)
    assert number("ab", "c", below=1 << 64) != number("a", "bc", below=1 << 64)
    assert 0 <= fraction("\ud800") < 1


def test_numbers_are_the_same_in_another_process() -> None:
    module = "veristone.generators.synthesis.draws"
    code = f"from {module} import number\nprint(number('a', 1, below=1 << 60))"
    root = Path(__file__).parents[3]
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert int(run.stdout) == number("a", 1, below=1 << 60)


def test_decks_are_few_and_all_are_used() -> None:
    used = Counter(names(f"r{n}") for n in range(200))
    assert len(used) == 4
    assert min(used.values()) > 20
    assert all(len(set(deck.split())) == 8 for deck in used)


def test_no_decks_is_a_draw_for_every_record() -> None:
    assert len({names(f"r{n}", decks=0) for n in range(50)}) == 50
    assert names("r1", decks=0) == names("r1", decks=0)


def test_decks_depend_on_the_random_seed_not_on_the_order_of_examples() -> None:
    assert names("r1") == names("r1", examples=EXAMPLES[::-1])
    assert {names(f"r{n}") for n in range(99)}.isdisjoint(names(f"r{n}", 1) for n in range(99))


def test_one_more_example_moves_no_other() -> None:
    more = [*EXAMPLES, Example(name="new")]
    before = deck_of("r", "s", 0, EXAMPLES, shots=16, decks=4)
    after = deck_of("r", "s", 0, more, shots=17, decks=4)
    assert [example for example in after if example.name != "new"] == before


def test_no_shots() -> None:
    assert deck_of("r", "s", 0, [], shots=0, decks=4) == []


def test_weights() -> None:
    weights = {"function": 2.0, "class": 1.0, "program": 1.0, "never": 0.0}
    drawn = Counter(chosen(weights, "c", n) for n in range(4000))
    assert drawn["never"] == 0
    assert drawn["function"] == pytest.approx(2000, rel=0.1)
    assert drawn["class"] == pytest.approx(1000, rel=0.15)
    assert chosen({}, 1) == ""
    assert chosen({"a": 0.0}, 1) == ""
    flipped = dict(reversed(weights.items()))
    assert all(chosen(weights, n) == chosen(flipped, n) for n in range(50))


def test_what_has_no_weights_stays() -> None:
    record = Record(id="r", category="class", difficulty="hard", language="rust")
    assert Properties().drawn(record, "s", 0) == record
    drawn = Properties(difficulties={"easy": 1}, languages={"C++": 1}).drawn(record, "s", 0)
    assert (drawn.category, drawn.difficulty, drawn.language) == ("class", "easy", "cpp")


def test_properties_are_drawn_apart_from_one_another() -> None:
    both = Properties(categories={"function": 1, "class": 1}, difficulties={"easy": 1, "hard": 1})
    records = [both.drawn(Record(id=str(n)), "s", 0) for n in range(100)]
    assert len({(record.category, record.difficulty) for record in records}) == 4
