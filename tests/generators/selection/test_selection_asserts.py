"""Which asserts can fail because of the solution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.suites import effective_asserts

CODE = "def f(x):\n    return x\nclass Box:\n    pass\n"


@pytest.mark.parametrize(
    ("tests", "count"),
    [
        ("assert f(1) == 1", 1),
        ("assert f(1) == 1\nassert f(2) == 2", 2),
        ("assert f(1) == 1\nassert  f( 1 ) == 1", 1),
        ("assert True\nassert 1 == 1", 0),
        ("# assert f(1) == 1", 0),
        ("x = 'assert f(1)'", 0),
        ("try:\n    assert f(1) == 2\nexcept Exception:\n    pass", 0),
        ("try:\n    assert f(1) == 2\nexcept:\n    pass", 0),
        ("try:\n    assert f(1) == 2\nexcept ValueError:\n    pass", 1),
        ("try:\n    assert f(1) == 2\nexcept AssertionError:\n    raise", 1),
        ("try:\n    f(0)\nexcept ValueError:\n    pass\nelse:\n    assert f(0) == 0", 1),
        ("def test_f():\n    assert f(1) == 1", 1),
        ("def helper():\n    assert f(1) == 1", 0),
        ("def helper():\n    assert f(1) == 1\nhelper()", 1),
        ("r = f(1)\nassert r == 1", 1),
        ("r = f(1)\ns = r + 1\nassert s == 2", 1),
        ("for x in [1]:\n    assert f(x) == x", 1),
        ("b = Box()\nb.n = 3\nassert b.n == 3", 1),
        ("with open('x') as r:\n    assert r", 0),
        (
            "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n"
            "        self.assertEqual(f(1), 1)\n        self.assertTrue(True)",
            1,
        ),
        ("if __name__ == '__main__':\n    assert f(1)", 1),
        ("", 0),
    ],
)
def test_effective_asserts(tests: str, count: int) -> None:
    assert effective_asserts(CODE, tests) == count


def test_what_cannot_be_read_is_not_counted() -> None:
    assert effective_asserts(CODE, "assert f(") is None
    assert effective_asserts("def f(", "assert f(1)") is None
    assert effective_asserts(CODE, "assert " + "-" * 5000 + "f(1)") is None
    assert effective_asserts(CODE, "assert f(1)\n" * 100_000) is None


@given(st.text())
def test_any_text_is_read_or_refused(tests: str) -> None:
    found = effective_asserts(CODE, tests)
    assert found is None or found >= 0
