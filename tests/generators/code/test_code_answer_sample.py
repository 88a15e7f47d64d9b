"""From an answer and a row's check to what is run: the program that the check is about."""

from typing import Any

import pytest

from veristone.generators.code.answer_sample import answer_sample, without_entry

ADD = "def add(a, b):\n    return a + b"
TESTS = "assert add(1, 2) == 3"
CPP = "#include <iostream>\nint main() { std::cout << 8; }"
CASES = {"inputs": ["4"], "outputs": ["8"]}


def answer(*blocks: str, tag: str = "python") -> str:
    return "Sure.\n\n" + "\n\nAnd:\n\n".join(f"```{tag}\n{block}\n```" for block in blocks)


def names_of(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    return names


@pytest.mark.parametrize(
    "blocks",
    [
        (ADD, "a = int(input())\nprint(add(a, 1))"),
        (ADD + "\n\nprint(add(int(input()), 1))",),
        (ADD, "def main():\n    print('hello')"),
        (ADD, "def add_three(a, b, c):\n    return a + b + c"),
        (ADD + "\n\nassert add(1, 1) == 3",),
        (ADD.replace("+", "-"), ADD),
    ],
)
@pytest.mark.parametrize(
    "tests",
    [
        TESTS,
        "def check(candidate):\n    assert candidate(1, 2) == 3\n\ncheck(add)",
        "from solution import add as plus\n\ndef test_it():\n    assert plus(1, 2) == 3",
        "import solution\nassert solution.add(1, 2) == 3",
    ],
)
def test_the_program_defines_what_the_tests_ask_for(blocks: tuple[str, ...], tests: str) -> None:
    names = names_of(answer_sample(answer(*blocks), tests).code)
    assert names["add"](1, 2) == 3
    assert "add_three" not in names
    assert "main" not in names


def test_all_that_the_tests_ask_for_is_there() -> None:
    blocks = (ADD, "def sub(a, b):\n    return a - b", "plus = add")
    tests = "assert sub(3, 1) == 2\nassert add(1, 2) == 3\nassert plus(1, 2) == 3"
    names = names_of(answer_sample(answer(*blocks), tests).code)
    assert names["sub"](3, 1) == 2
    assert names["plus"](1, 2) == 3
    in_one = answer_sample(answer("\n\n".join(blocks)), tests).code
    assert names_of(in_one)["plus"](1, 2) == 3


@pytest.mark.parametrize("tag", ["cpp", "c++", "CPP", ""])
@pytest.mark.parametrize("language", ["cpp", "c++", "g++"])
def test_other_languages_have_fences_too(tag: str, language: str) -> None:
    assert answer_sample(answer(CPP, tag=tag), CASES, language).code == CPP
    drafted = answer("int half() { return 1; }", CPP, tag=tag)
    assert answer_sample(drafted, CASES, language).code == CPP


@pytest.mark.parametrize(
    ("code", "outputs", "value"),
    [
        ("def f(x):\n    return (x, [(x,)])", ["[1, [[1]]]"], [1, [[1]]]),
        ("def f(x):\n    return {x: 2}", ['{"1": 2}'], {"1": 2}),
        ("def f(x):\n    return {x}", ["[1]"], {1}),
        ("class Solution:\n    def f(self, x):\n        return x", ["1"], 1),
    ],
)
def test_answers_are_compared_as_json_has_them(code: str, outputs: list[str], value: Any) -> None:
    row = {"fn_name": "f", "inputs": ["1"], "outputs": outputs}
    sample = answer_sample(answer("class Solution:\n    pass", code), row)
    entry_point = getattr(sample.check, "entry_point", "")
    assert names_of(sample.code)[entry_point](1) == value
    assert without_entry(sample.code) == code


def test_a_check_of_ours_tells_a_tuple_from_a_list() -> None:
    check = {"kind": "function", "entry_point": "f", "calls": [{"args": [1], "expected": [1]}]}
    code = "def f(x):\n    return (x,)"
    assert answer_sample(answer(code), check).code == code
