"""What is found in a sample, what is left alone, and what is only flagged."""

import ast
import builtins
import json
import time
from pathlib import Path

import pytest
from backends import give_up
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.contamination.benchmarks import Item, load_items, make_item
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.reading import documentation, read_code, words

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
DIGITS = '''def digit_pattern(numbers, limit):
    """Count how often seven appears among multiples of eleven or thirteen below the limit."""
    total = 0
    for number in range(limit):
        if number % 11 == 0 or number % 13 == 0:
            total += str(number).count("7")
    return total
'''
PARENS = (
    "Input to this function is a string containing multiple groups of nested parentheses. "
    "Separate those groups into different strings."
)
ROWS = [
    {"task_id": "Bench/1", "prompt": DIGITS, "canonical_solution": DIGITS},
    {"task_id": "Bench/2", "text": "Add numbers.", "code": "def add(x, y):\n  return x + y"},
    {"task_id": "Bench/3", "text": PARENS, "entry_point": "split_parens"},
]
STRLEN = {
    "task_id": "Bench/4",
    "prompt": 'def strlen(string):\n    """ Return length of given string\n    >>> strlen("")',
    "entry_point": "strlen",
    "canonical_solution": "    return len(string)\n",
}
AREA = {
    "task_id": "Bench/5",
    "text": "Area.",
    "code": "def square_area(side):\n  return side * side",
}
DETECTOR = Detector(make_item(row, "Bench", number) for number, row in enumerate(ROWS))


class Renamed(ast.NodeTransformer):
    """Gives every name of a program's own another one, and drops its documentation."""

    def __init__(self, tree: ast.AST) -> None:
        bound = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
        bound += [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
        self._own = {name: f"item_{at}" for at, name in enumerate(dict.fromkeys(bound))}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not hasattr(builtins, node.id):
            node.id = self._own[node.id]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._own[node.arg])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._own.get(node.name, "f")
        if ast.get_docstring(node) and len(node.body) > 1:
            del node.body[0]
        return self.generic_visit(node)


def renamed(code: str) -> str:
    tree = ast.parse(code)
    return ast.unparse(Renamed(tree).visit(tree))


@pytest.mark.parametrize(
    ("reason", "text", "code"),
    [
        ("exact", "", DIGITS.replace("\n    ", "\n\n        ")),
        ("exact", "", ast.unparse(ast.parse(DIGITS)).split('"""')[-1]),
        ("exact", "# Input to this function is a string containing multiple\n#  groups of nested"
         " parentheses.   Separate those groups\n# into different strings. Thanks!", ""),
        ("ngram", "Some text. A string containing multiple groups of nested parentheses, separate"
         " those groups", ""),
        ("normalised", "", renamed(DIGITS)),
        ("normalised", "", "import os\n\ndef g(x):\n    return x\n\n" + renamed(DIGITS)),
    ],
)  # fmt: skip
def test_what_is_found(reason: str, text: str, code: str) -> None:
    match = DETECTOR.check(text, code, "python")
    assert match is not None
    assert match.reason == reason
    assert match.task in {"Bench/1 (digit_pattern)", "Bench/3 (split_parens)"}
    assert match.detail.startswith(match.task)
    assert "\n" not in match.detail


@pytest.mark.parametrize(
    ("code", "task"),
    [
        (
            'def f(s):\n    """Return length of given string."""\n    return len(s)',
            "Bench/4 (strlen)",
        ),
        ("def f(s):\n    # return length of given string\n    return len(s)", "Bench/4 (strlen)"),
        ("def squareArea(a):\n    return a * a", "Bench/5 (square_area)"),
        # Its name or its description alone, or one among other things.
        ("def strlen(s):\n    return len(s)", None),
        ('def f(s):\n    """Return length of given string."""\n    return len(s) + 1', None),
        ('def f(s):\n    """Return the length of the string."""\n    return len(s)', None),
        ("def area(a):\n    return a * a", None),
        ("def square_area(a, b):\n    return a * b", None),
    ],
)
def test_a_short_solution_is_found_where_the_task_is_named(code: str, task: str | None) -> None:
    detector = Detector(make_item(row, "Bench", 0) for row in (*ROWS, STRLEN, AREA))
    match = detector.check("", code, "python")
    assert (match and match.task) == task
    assert match is None or match.reason == "normalised"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"Here it is:\n```python\n{DIGITS}```\nAs you see.", ""),
        ("Here it is.", f"```python\n{DIGITS}```"),
        ("", f"Here it is:\n```\n{DIGITS}"),
    ],
)
def test_code_in_markdown_is_code(text: str, code: str) -> None:
    bare = "\n".join(f"{text}\n{code}".replace(DIGITS, renamed(DIGITS) + "\n").splitlines())
    assert DETECTOR.check(text, code, "ruby") is not None
    match = DETECTOR.check(bare, "", "python")
    assert match is not None
    assert match.task == "Bench/1 (digit_pattern)"


@pytest.mark.parametrize(
    "code",
    [
        "def add(self, x, y):\n    return x + y",
        "def plus(a, b):\n  '''Add two values and give back their sum.'''\n  return a + b",
        "def read(path):\n  '''Read the lines of a file.'''\n  return open(path).read()",
        # One name for two is no renaming.
        renamed(DIGITS).replace("str(item_1)", "str(item_0)"),
        "fn digit_pattern(n: usize, limit: usize) -> usize { todo!() }",
        "",
        "\0\ud800",
    ],
)
def test_what_says_too_little_or_something_else_is_left_alone(code: str) -> None:
    assert DETECTOR.check("", code, "python") is None


def test_similarity_flags() -> None:
    flag = DETECTOR.flag("_pattern_digit", "")
    assert flag is not None
    assert (flag.reason, flag.detail) == (
        "same_name",
        "Bench/1 (digit_pattern): its name digit_pattern",
    )
    flag = DETECTOR.flag("f", "What is a string containing multiple groups of nested things?")
    assert flag is not None
    assert flag.reason == "similar_text"
    assert DETECTOR.flag("add", "Adds numbers.") is None


def test_words_that_many_tasks_share_are_a_template() -> None:
    template = "Write a python function that takes a list of integers and then finds"
    items = [
        Item(benchmark="B", task_id=f"B/{n}", entry_point=name, texts=(f"{template} {name}.",))
        for n, name in enumerate(["primes", "squares", "cubes"])
    ]
    assert Detector(items).check(template, "", "python") is None
    assert Detector(items[:1]).check(template, "", "python") is not None


def test_the_outcome_does_not_depend_on_what_was_checked_before() -> None:
    samples = [
        ("", DIGITS),
        ("", renamed(DIGITS)),
        ("Add two numbers.", ""),
        ("", ""),
        ("", DIGITS),
    ]
    forward = [DETECTOR.check(text, code, "python") for text, code in samples]
    backward = [DETECTOR.check(text, code, "python") for text, code in reversed(samples)]
    assert forward == backward[::-1]


@pytest.mark.parametrize(
    ("language", "code", "tokens"),
    [
        ("python", 'def f():\n  """Doc."""\n  return \'a\' # c', ["return", '"a"']),
        ("python", "x = a // b", ["\1", "=", "\1", "/", "/", "\1"]),
        (
            "java",
            "int f(){ /* c */ return xs.size(); } // d",
            ["int", "\1", "return", "\1", ".", "size"],
        ),
        ("lua", "local x = 1", ["local", "\1", "=", "1"]),
    ],
)
def test_code_is_read_without_comments_and_names(
    language: str, code: str, tokens: list[str]
) -> None:
    assert read_code(code, language).tokens == tokens


@given(text=st.text(alphabet="\"'`\\/*#-[]{}();:|=\n\t ab1_.é\ud800", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for language in ("python", "c"):
        read = read_code(text, language)
        assert len(read.tokens) == len(read.names)
    assert all(word in text.lower() for word in words(text))


@pytest.mark.parametrize(
    "piece", ['"', "'", '"""', "'''", "/*", "#|", '"\\', "\n ", " ", "1.", "a_", "f(", "def ", "#"]
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """100 kB take less than 0.2 s of CPU; what is quadratic takes minutes."""
    code = piece * (100_000 // len(piece)) + " "
    began = time.process_time()
    DETECTOR.check(code, code, "python")
    DETECTOR.check("", code, "c")
    documentation(code)
    assert time.process_time() - began < 5


def real(name: str) -> list[Item]:
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        give_up(f"the public file {path.name} is not here: ../shared/data")
    return load_items(path, name)


def test_copies_of_published_tasks_are_found() -> None:
    """Magicoder's leak in miniature: floors a little below what was measured."""
    humaneval, mbpp = real("humaneval"), real("mbpp")
    detector = Detector([*humaneval, *mbpp])
    for items, least in ((humaneval, (0.98, 0.9, 0.72)), (mbpp, (1.0, 0.9, 0.58))):
        found = [0, 0, 0]
        for item in items:
            body = item.solutions[0]
            code = body if body.startswith(("def", "import", "from")) else "def f():\n" + body
            try:
                copy = renamed(code)
            except SyntaxError:  # a few of MBPP's are Python 2
                copy = code
            found[0] += detector.check(item.texts[0], "", "python") is not None
            found[1] += detector.check("", code, "python") is not None
            found[2] += detector.check("", copy, "python") is not None
        shares = [round(count / len(items), 3) for count in found]
        assert all(a >= b for a, b in zip(shares, least, strict=True)), shares


@pytest.mark.slow
def test_real_code_is_left_alone() -> None:
    detector = Detector([*real("humaneval"), *real("mbpp")])
    root = Path(json.__file__).parents[1]
    functions = [
        ast.unparse(node)
        for path in [*root.glob("asyncio/*.py"), *root.glob("email/*.py"), *root.glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) > 3000
    found = [m.detail for code in functions if (m := detector.check("", code, "python"))]
    assert len(found) <= 3, found
