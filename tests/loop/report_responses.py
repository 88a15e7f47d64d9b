"""Responses made up for the tests of the report: ordinary ones, and hostile ones."""

import random
from collections.abc import Iterator, Sequence

from veristone import Decision, Reason, Verdict
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.records import Record, Refusal, Trace

__all__ = ["HOSTILE", "hostile_records", "hostile_refusals", "records", "refusals"]

HOSTILE = (
    "</pre></details><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "{{ 7919 * 7907 }} {% for x in y %}",
    "safe\u202egnp.exe\u202c \x1b[2J \u200b\x00",
    "``` </code> | a | b |\n## A heading\n[link](javascript:window.pwned=1)",
    "W" * 3_000,
    "\n" * 500,
    "e\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308" * 40,
    "שלום עולם " * 30,
)

_TASKS = (
    ("moving_average", "the mean of every `width` neighbouring values of a list of numbers"),
    ("is_palindrome", "whether a string reads the same backwards, without regard to case"),
    ("shortest_path", "the shortest path between two nodes of a weighted graph"),
    ("parse_query", "the parameters of the query of a URL, as a dictionary"),
    ("join_rows", "the rows of two tables joined on a key, as an SQL inner join would"),
    ("hash_password", "a salted SHA-256 hash of a password, and whether another matches it"),
    ("lru_cache", "an LRU cache of bounded size with constant time per request"),
    ("normalise", "the columns of a data set scaled to mean 0 and variance 1"),
    ("prime_factors", "the prime factors of an integer in ascending order"),
    ("schedule", "events from overlapping calendars merged into free slots"),
    ("render_table", "a table of text rendered with aligned columns for a terminal"),
    ("route_requests", "a handler for each HTTP route, with placeholders in the path"),
)
_FAILURES = (
    (Reason.ASSERTION_FAILED, 60, "line 3: assert {name}([]) == []"),
    (Reason.RUNTIME_ERROR, 25, "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
    (Reason.COMPILE_ERROR, 6, "SyntaxError: unterminated string literal (line 7)"),
    (Reason.CPU_TIMEOUT, 6, "stopped after 10.0 CPU seconds"),
    (Reason.NO_TESTS, 2, "the test code ran no assert"),
    (Reason.EARLY_EXIT, 1, "the program ended before its tests did"),
)
_CHANCE = {"easy": 0.52, "medium": 0.33, "hard": 0.15}


def records(instructions: int, responses: int, skill: float = 1.0) -> Iterator[Record]:
    """Yield judged responses to instructions of every kind; `skill` scales what passes."""
    for number in range(instructions):
        draw = random.Random(number)
        name, what = _TASKS[number % len(_TASKS)]
        difficulty = draw.choice(tuple(_CHANCE))
        category = draw.choices(("function", "class", "program"), (10, 3, 2))[0]
        words = " ".join(draw.choices(("sparse", "large", "nested", "empty", "sorted"), k=2))
        instruction = (
            f"Write a {category} `{name}_{number}` that returns {what}. It is called with {words}"
            f" input in {draw.randint(2, 9)} places of a library for"
            f" {draw.choice(('finance', 'games', 'weather stations', 'web servers'))}, so it must"
            " not change its arguments." + " Say why." * draw.randint(0, 12)
        )
        for index in range(responses):
            asserts = draw.choices((0, 1, 2, 3, 4, 7), (4, 18, 30, 25, 15, 8))[0]
            chance = min(0.97, skill * _CHANCE[difficulty] * (1.5 if asserts < 2 else 1.0))
            passed = draw.random() < chance
            record_id = f"{seed_id('python', str(number))[:12]}/{index}"
            yield _record(record_id, name, instruction, category, difficulty, asserts, draw, passed)


def _record(
    record_id: str,
    name: str,
    instruction: str,
    category: str,
    difficulty: str,
    asserts: int,
    draw: random.Random,
    passed: bool,
) -> Record:
    steps = "".join(
        f"    if len(found) > {n}:\n        found = found[:{n} + 1]\n"
        for n in range(draw.randint(0, 6))
    )
    number = draw.randint(1, 10**6)
    code = (
        f"def {name}(values, width={number}):\n"
        f'    """Return what was asked for, version {number}."""\n'
        f"    found = [value for value in values if value is not None]\n{steps}"
        f"    return found[:width]\n"
    )
    tests = "".join(f"assert {name}([{n}], {n + 1}) == [{n}]\n" for n in range(asserts))
    reason, message = Reason.PASSED, ""
    if not passed:
        weights = [weight for _, weight, _ in _FAILURES]
        reason, _, message = draw.choices(_FAILURES, weights)[0]
    return Record(
        id=record_id,
        seed=_seed(number),
        concepts=("lists", "slicing", "documentation"),
        category=category,
        difficulty=difficulty,
        instruction=instruction,
        response=f"The function keeps what is there.\n\n```python\n{code}```\n",
        code=code,
        tests=tests or "print('no assert here')\n",
        verdict=Verdict(
            id=record_id,
            decision=reason.decision,
            reason=reason,
            message=message.format(name=name),
            passed=max(1, asserts) if passed else 0,
            total=max(1, asserts),
            version="0.1.0",
        ),
        traces=(
            Trace(stage="concepts", model="acme/coder-1b"),
            Trace(stage="responses", model="acme/coder-1b", shots=("one", "two")),
        ),
    )


def _seed(number: int) -> Seed:
    code = f"def clip(value, low, high):\n    # {number}\n    return max(low, min(high, value))\n"
    where = Provenance(
        source="the-stack",
        repository="numbers/averages",
        path=f"src/clip_{number}.py",
        licences=("MIT",),
        start_line=10,
        end_line=12,
    )
    return Seed(id=seed_id("python", code), code=code, language="python", provenance=where)


def refusals(found: Sequence[Record]) -> Iterator[Refusal]:
    """Yield refusals of some stages."""
    reasons = (
        ("concepts", "empty", "no list of concepts"),
        ("instructions", "too_similar", "shares 31 of 40 words with an example"),
        ("instructions", "truncated", "ended by length"),
        ("responses", "no_code", "no fenced block"),
        ("responses", "truncated", "ended by length"),
    )
    for number, record in enumerate(found):
        stage, reason, detail = reasons[min(number % 9, 4)]
        yield Refusal(
            record=Record(id=f"{record.id}x", seed=record.seed, instruction=record.instruction),
            stage=stage,
            reason=reason,
            detail=detail,
            text=f"{record.response}\nand then it ended in the midd",
            finish_reason="length",
        )


def hostile_records() -> list[Record]:
    """Return responses in which every text is an attack on whoever shows it."""
    found: list[Record] = []
    for number, text in enumerate(HOSTILE):
        for index, reason in enumerate((Reason.PASSED, Reason.RUNTIME_ERROR, Reason.TAMPERED)):
            record_id = f"{text[:60]}{number}/{index}"
            found.append(
                Record(
                    id=record_id,
                    category=text[:300],
                    difficulty=text[:300],
                    language="python",
                    concepts=(text, text),
                    instruction=text,
                    response=f"{text}\n```python\n{text}\n```",
                    code=f"def f(x):\n    return {text[:100]!r}\n",
                    tests=f"assert f({text[:100]!r}) == {text[:100]!r}\nassert f(1) == ({text})\n",
                    verdict=Verdict(
                        id=record_id,
                        decision=reason.decision,
                        reason=reason,
                        message=text,
                        passed=int(reason.decision is Decision.PASS),
                        total=1,
                    ),
                )
            )
    return sorted(found, key=lambda record: record.id.rpartition("/")[0] + "/")


def hostile_refusals() -> list[Refusal]:
    """Return refusals of the same kind."""
    return [
        Refusal(
            record=Record(id=text[:100] + "r", instruction=text),
            stage=text[:80],
            reason=text[:80],
            detail=text,
            text=text,
        )
        for text in HOSTILE
    ]
