"""Each matcher on its own: what it finds, what it leaves, and what it says."""

import pytest

from veristone import ConfigError
from veristone.generators.seeds.contamination.benchmarks import Item, make_item
from veristone.generators.seeds.contamination.detector import MATCHERS, Detector, Settings
from veristone.generators.seeds.contamination.disguises import DISGUISES, disguise

DIGITS = '''def digit_pattern(numbers, limit):
    """Count how often seven appears among multiples of eleven or thirteen below the limit."""
    total = 0
    for number in range(limit):
        if number % 11 == 0 or number % 13 == 0:
            total += str(number).count("7")
    return total
'''
ITEMS = [
    make_item(
        {"task_id": "Bench/1", "prompt": DIGITS, "canonical_solution": DIGITS}, "Bench", 0
    ),
    make_item(
        {"task_id": "Bench/2", "text": "Add numbers.", "code": "def add(x, y):\n  return x + y"},
        "Bench",
        1,
    ),
    Item(
        benchmark="Bench",
        task_id="Bench/3",
        entry_point="split_parens",
        texts=(
            "Input to this function is a string containing multiple groups of nested parentheses. "
            "Separate those groups into different strings.",
        ),
    ),
]  # fmt: skip


def only(*matchers: str) -> Detector:
    return Detector.of_items(ITEMS, Settings(matchers=matchers))


@pytest.mark.parametrize(
    ("matcher", "text", "code"),
    [
        ("exact", "", DIGITS.replace("\n    ", "\n\n        ")),
        ("exact", "# Input to this function is a string containing multiple\n#  groups of nested"
         " parentheses.   Separate those groups\n# into different strings. Thanks!", ""),
        ("ngram", "Some text. A string containing multiple groups of nested parentheses, separate"
         " those groups", ""),
        ("normalised", "", disguise("renamed", "", DIGITS).code),
        ("normalised", "", disguise("embedded", "", DIGITS).code),
        ("fuzzy", "", disguise("reworked", "", DIGITS).code),
        ("fuzzy", "", "def split_parens(text):\n    return re.findall(P, text)"),
        ("fuzzy", "How often is the digit seven in those multiples of thirteen and eleven which are"
         " below a limit?", "def f(n):\n    return 0"),
    ],
)  # fmt: skip
def test_what_a_matcher_finds(matcher: str, text: str, code: str) -> None:
    match = only(matcher).check(text, code, "python")
    assert match is not None
    assert match.matcher == matcher
    assert match.task in {"Bench/1 (digit_pattern)", "Bench/3 (split_parens)"}
    assert match.detail.startswith(match.task)
    assert "\n" not in match.detail


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"Here it is:\n```python\n{DIGITS}```\nAs you see.", ""),
        ("Here it is.", f"```python\n{DIGITS}```"),
        ("", f"Here it is:\n```\n{DIGITS}"),
    ],
)
def test_code_in_markdown_is_code(text: str, code: str) -> None:
    match = only("exact").check(text, code, "ruby")
    assert match is not None
    assert match.task == "Bench/1 (digit_pattern)"


JAVA = """
public int f(int max) {
    int found = 0;
    for (int i = 0; i < max; i++) {
        if (i % 11 == 0 || i % 13 == 0) {
            found += StringUtils.count(String.valueOf(i), "7");
        }
    }
    return found;
}
"""


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("java", JAVA),
        ("rust", "fn digit_pattern(n: usize, limit: usize) -> usize { todo!() }"),
        ("javascript", "const digitPattern = (numbers, limit) => { return 7; }"),
    ],
)
def test_copies_in_other_languages(language: str, code: str) -> None:
    detector = only("translated")
    match = detector.check("", code, language)
    assert match is not None
    assert (match.matcher, match.task) == ("translated", "Bench/1 (digit_pattern)")
    assert only("fuzzy").check("", code, language) is None


@pytest.mark.parametrize(
    "code",
    [
        "def add(self, x, y):\n    return x + y",
        "def plus(a, b):\n  '''Add two values and give back their sum.'''\n  return a + b",
        "def total(xs):\n    out = 0\n    for x in xs:\n        out += x\n    return out",
        "def read(path):\n  '''Read the lines of a file.'''\n  return open(path).read()",
        "",
        "\0\ud800",
    ],
)  # fmt: skip
def test_trivial_solutions_condemn_nobody(code: str) -> None:
    assert Detector.of_items(ITEMS).check("", code, "python") is None


def test_one_name_for_two_is_no_renaming() -> None:
    code = disguise("renamed", "", DIGITS).code
    detector = only("normalised")
    assert detector.check("", code, "python") is not None
    assert detector.check("", code.replace("item_2", "item_3"), "python") is None


def test_every_disguise_is_found_and_the_code_still_works() -> None:
    detector = Detector.of_items(ITEMS)
    expected: dict[str, object] = {}
    exec(DIGITS, expected)
    for kind in DISGUISES:
        copy = disguise(kind, "Count how often seven appears among multiples of eleven.", DIGITS)
        match = detector.check(copy.text, copy.code, "python")
        if "described" not in kind and "description" not in kind:
            assert match is not None, kind
            assert match.task == "Bench/1 (digit_pattern)"
        if copy.code:
            compile(copy.code, kind, "exec")
    reworked: dict[str, object] = {}
    exec(disguise("reworked", "", DIGITS).code, reworked)
    ours, theirs = expected["digit_pattern"], reworked["item_0"]
    assert callable(ours)
    assert callable(theirs)
    assert ours(0, 200) == theirs(0, 200) == 6


@pytest.mark.parametrize("kind", ["undocumented", "renamed", "embedded", "reworked"])
@pytest.mark.parametrize("body", ["    pass\n", "    x = 1\n", ""])
def test_no_disguise_of_code_leaves_the_description_in_it(kind: str, body: str) -> None:
    """Else recall of renamed code would be that of verbatim descriptions."""
    copy = disguise(kind, "Seven.", f'def f(x):\n    """Count how often seven appears."""\n{body}')
    assert "seven" not in (copy.text + copy.code).lower()


def test_words_that_many_tasks_share_are_a_template() -> None:
    template = "Write a python function that takes a list of integers and then finds"
    items = [
        Item(benchmark="B", task_id=f"B/{n}", entry_point=name, texts=(f"{template} {name}.",))
        for n, name in enumerate(["primes", "squares", "cubes"])
    ]
    settings = Settings(matchers=("ngram",))
    assert Detector.of_items(items, settings).check(template, "", "python") is None
    assert Detector.of_items(items[:1], settings).check(template, "", "python") is not None


def test_the_outcome_does_not_depend_on_what_was_checked_before() -> None:
    samples = [("", DIGITS), ("", JAVA), ("Add two numbers.", ""), ("", ""), ("", DIGITS)]
    detector = Detector.of_items(ITEMS)
    forward = [detector.check(text, code, "python") for text, code in samples]
    backward = [detector.check(text, code, "python") for text, code in reversed(samples)]
    assert forward == backward[::-1]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (Settings(matchers=()), "none given"),
        (Settings(matchers=("exact", "psychic")), "psychic"),
        (Settings(ngram_words=2), "ngram_words"),
    ],
)
def test_wrong_settings(settings: Settings, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Detector([], settings)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_without_items_nothing_is_found(matcher: str) -> None:
    detector = Detector([], Settings(matchers=(matcher,)))
    assert detector.check("some text", DIGITS, "python") is None
