"""Tests that say nothing, and tests that do: both sides of every rule."""

from textwrap import dedent

import pytest

from veristone.generators.code.suites import asserts_by_itself, effective_asserts, read_suite

SOLUTION = """
import math

LIMIT = 10

def add(a, b):
    return a + b

def push(items, value):
    items.append(value)

def report(path):
    open(path, "w").write("done")

class Stack:
    def __init__(self):
        self.items = []
    def push(self, item):
        self.items.append(item)

def main():
    print(add(1, 2))
"""

REAL = {
    "an assert": "assert add(1, 2) == 3",
    "with a message": "assert add(1, 2) == 3, 'wrong sum'",
    "a result kept first": "result = add(1, 2)\nassert result == 3",
    "in several steps": "a = add(1, 2)\nb = a * 2\nc = [b]\nassert c[0] == 6",
    "a value of the solution": "assert LIMIT == 10",
    "a test function": "def test_add():\n    assert add(1, 2) == 3",
    "a test function that is called": "def test_add():\n    assert add(1, 2) == 3\n\ntest_add()",
    "one behind the guard": """
        def check():
            assert add(1, 2) == 3

        if __name__ == "__main__":
            check()
        """,
    "an assert behind the guard": """
        if __name__ == "__main__":
            assert add(1, 2) == 3
            print("all passed")
        """,
    "a guard that does nothing beside a test function": """
        def test_add():
            assert add(1, 2) == 3

        if __name__ == "__main__":
            pass
        """,
    "a helper with parameters": """
        def check(got, wanted):
            assert got == wanted, (got, wanted)

        check(add(1, 2), 3)
        """,
    "a helper that is given the function": """
        def check(function, args, wanted):
            assert function(*args) == wanted

        check(add, (1, 2), 3)
        """,
    "a helper that answers": """
        def right(a, b, wanted):
            return add(a, b) == wanted

        assert right(1, 2, 3)
        """,
    "a loop over cases": """
        for a, b, wanted in [(1, 2, 3), (0, 0, 0)]:
            assert add(a, b) == wanted
        """,
    "a loop over functions": """
        for function in [add]:
            assert function(1, 2) == 3
        """,
    "a lambda": "f = lambda x: add(x, 1)\nassert f(1) == 2",
    "a unittest class": """
        import unittest

        class TestAdd(unittest.TestCase):
            def setUp(self):
                self.stack = Stack()

            def test_add(self):
                self.assertEqual(add(1, 2), 3)

            def test_stack(self):
                self.stack.push(1)
                self.assertEqual(self.stack.items, [1])

        if __name__ == "__main__":
            unittest.main()
        """,
    "a unittest class of a unittest class": """
        from unittest import TestCase

        class Base(TestCase):
            pass

        class TestAdd(Base):
            def test_add(self):
                self.assertTrue(add(1, 2) == 3)
        """,
    "an error that is expected": """
        import pytest

        with pytest.raises(TypeError):
            add(1, "x")
        """,
    "an error that is expected, with else": """
        try:
            add(1, "x")
        except TypeError:
            pass
        else:
            assert False, "TypeError expected"
        """,
    "an error that is expected, with assert False": """
        try:
            add(1, "x")
            assert False
        except TypeError:
            pass
        """,
    "an error that is raised": """
        if add(1, 2) != 3:
            raise AssertionError("wrong")
        """,
    "failures that are counted": """
        failed = 0
        for a, b, wanted in [(1, 2, 3)]:
            try:
                assert add(a, b) == wanted
            except AssertionError:
                failed += 1
        assert failed == 0
        """,
    "a handler that fails again": """
        try:
            assert add(1, 2) == 3
        except AssertionError as error:
            print("failed", error)
            raise
        """,
    "a handler that ends the program": """
        import sys
        try:
            assert add(1, 2) == 3
        except AssertionError:
            sys.exit(1)
        """,
    "a handler of something else": """
        try:
            assert add(1, 2) == 3
        except ValueError:
            pass
        """,
    "what the solution changed": "items = []\npush(items, 3)\nassert items == [3]",
    "an object's attribute": "s = Stack()\ns.push(1)\nassert s.items == [1]",
    "a file that the solution wrote": """
        import os
        report("out.txt")
        assert os.path.exists("out.txt")
        """,
    "what was printed": """
        import io
        from contextlib import redirect_stdout

        out = io.StringIO()
        with redirect_stdout(out):
            main()
        assert out.getvalue() == "3\\n"
        """,
    "numpy's asserts": "import numpy as np\nnp.testing.assert_allclose(add(0.1, 0.2), 0.3)",
    "asyncio": """
        import asyncio

        async def check():
            assert add(1, 2) == 3

        asyncio.run(check())
        """,
    "one real among tautologies": "assert True\nassert add(1, 2) == 3",
    "all of": "assert all(add(n, 0) == n for n in range(5))",
    "not": "assert not add(0, 0)",
    "a truth value": "assert add(1, 2)",
    "in a with": "with open('x', 'w') as f:\n    assert add(1, 2) == 3",
    "a subclass of the solution's": """
        class Loud(Stack):
            def size(self):
                return len(self.items)

        assert Loud().size() == 0
        """,
    "a main of its own": """
        def main():
            assert add(1, 2) == 3

        main()
        """,
    "match": """
        match add(1, 2):
            case 3:
                pass
            case _:
                raise AssertionError
        """,
    "in the body of a class": "class Checks:\n    assert add(1, 2) == 3",
    "an enumeration of runs": """
        tests = [lambda: add(1, 2) == 3]
        for test in tests:
            assert test()
        """,
}

VACUOUS = {
    "it does not parse": "assert add(1, 2 == 3",
    "prose": "The function adds two numbers, so assert it.",
    "an assert in a comment": "# assert add(1, 2) == 3\nprint(add(1, 2))",
    "an assert in a string": '"""\nassert add(1, 2) == 3\n"""\nprint(add(1, 2))',
    "only a definition": "def check():\n    assert add(1, 2) == 3",
    "a guard that never calls": """
        def check():
            assert add(1, 2) == 3

        if __name__ == "__main__":
            print("ready")
        """,
    "if False": "if False:\n    assert add(1, 2) == 3",
    "a loop over nothing": "for a, b in []:\n    assert add(a, b) == 3",
    "after return": "def test_add():\n    return\n    assert add(1, 2) == 3",
    "a fixture that nobody gives": "def test_add(numbers):\n    assert add(*numbers) == 3",
    "a class that nobody runs": """
        class TestAdd:
            def test_add(self):
                assert add(1, 2) == 3
        """,
    "assert True": "add(1, 2)\nassert True",
    "constants": "add(1, 2)\nassert 1 + 1 == 2",
    "a tuple": 'assert (add(1, 2) == 4, "wrong")',
    "itself": "assert add(1, 2) == add(1, 2)",
    "or True": "assert add(1, 2) == 4 or True",
    "a string": 'assert "add(1, 2) == 3"',
    "a list": "assert [add(1, 2) == 4]",
    "assertTrue(True)": """
        import unittest

        class TestAdd(unittest.TestCase):
            def test_add(self):
                add(1, 2)
                self.assertTrue(True)
                self.assertEqual(1, 1)
        """,
    "nothing of the solution": "x = 3\nassert x == 3",
    "the solution beside it": "add(1, 2)\nx = 3\nassert x == 3",
    "a module that the solution imports": "assert math.floor(1.5) == 1",
    "it is there": "assert add is not None",
    "it can be called": "assert callable(add)",
    "the name alone": "assert add",
    "it has a name": "assert add.__name__ == 'add'",
    "isinstance of the class": "assert isinstance(Stack, type)",
    "swallowed": """
        try:
            assert add(1, 2) == 4
        except AssertionError:
            print("failed")
        """,
    "swallowed by all": """
        try:
            assert add(1, 2) == 4
        except:
            pass
        """,
    "swallowed by Exception": """
        def test_add():
            try:
                assert add(1, 2) == 4
            except Exception as error:
                print(error)
        """,
    "swallowed in a called function": """
        def check():
            assert add(1, 2) == 4

        try:
            check()
        except Exception:
            pass
        """,
    "suppressed": """
        from contextlib import suppress
        with suppress(AssertionError):
            assert add(1, 2) == 4
        """,
    "swallowed, with an assert that holds": """
        try:
            assert add(1, 2) == 4
        except AssertionError:
            assert True
        """,
    "a return in finally": """
        def test_add():
            try:
                assert add(1, 2) == 4
            finally:
                return
        """,
    "only prints": "print(add(1, 2))\nprint('ok' if add(1, 2) == 3 else 'wrong')",
    "only calls": "add(1, 2)",
    "doctest": "import doctest\ndoctest.testmod()",
}


@pytest.mark.parametrize("tests", REAL.values(), ids=REAL)
def test_tests_that_test_are_taken(tests: str) -> None:
    found = read_suite(SOLUTION, dedent(tests))
    assert found.effective
    assert not found.problem
    assert not found.redefined


@pytest.mark.parametrize("tests", VACUOUS.values(), ids=VACUOUS)
def test_tests_that_say_nothing_are_refused(tests: str) -> None:
    found = read_suite(SOLUTION, dedent(tests))
    assert not found.effective
    assert found.problem


@pytest.mark.parametrize(
    ("tests", "count"),
    [
        ("assert add(1, 2) == 3\nassert add(2, 2) == 4", 2),
        ("assert add(1, 2) == 3\nassert  add( 1, 2 ) == 3", 1),
        ("assert add(1, 2) == 3\nassert True\nassert LIMIT is LIMIT", 1),
        ("def check(f):\n    assert f(1, 2) == 3\n    assert f(0, 0) == 0\ncheck(add)", 2),
        ("b = Stack()\nb.n = 3\nassert b.n == 3", 1),
        ("with open('x') as r:\n    assert r", 0),
        ("", 0),
    ],
)
def test_different_asserts_are_counted(tests: str, count: int) -> None:
    assert effective_asserts(SOLUTION, tests) == count


def test_what_cannot_be_read_is_not_counted() -> None:
    assert effective_asserts(SOLUTION, "assert add(") is None
    assert effective_asserts("def f(", "assert f(1)") is None
    assert effective_asserts(SOLUTION, "assert " + "-" * 5000 + "add(1)") is None
    assert effective_asserts(SOLUTION, "assert add(1)\n" * 100_000) is None


def test_code_that_asserts_something_by_itself() -> None:
    assert asserts_by_itself("assert f(1)")
    assert not asserts_by_itself("def f(x):\n    assert x\n")
    assert not asserts_by_itself("assert (")


@pytest.mark.parametrize(
    "tests",
    [
        "def add(a, b):\n    return a + b\n\nassert add(1, 2) == 3",
        "class Stack:\n    pass\n\nassert Stack()",
        "add = lambda a, b: 3\nassert add(1, 2) == 3",
        "try:\n    add\nexcept NameError:\n    def add(a, b): return 3\nassert add(1, 2) == 3",
    ],
)
def test_tests_that_bring_their_own_solution(tests: str) -> None:
    assert read_suite(SOLUTION, tests).redefined in (("add",), ("Stack",))


def test_hostile_tests_take_a_short_time_and_little_depth() -> None:
    chain = "\n".join(f"a{n} = a{n + 1}" for n in range(2000)) + "\na2000 = add(1, 2)\n"
    elifs = "if add(1, 2) == 0:\n    pass\n" + "elif add(1, 2) == 1:\n    pass\n" * 190
    classes = "class A0: pass\n" + "".join(f"class A{n}(A{n - 1}): pass\n" for n in range(1, 1900))
    many = "try:\n" + "    assert 1 < x\n" * 3000 + "except ValueError:\n    pass\n"
    assert read_suite(SOLUTION, chain + "assert a0 == 3").effective
    assert not read_suite(SOLUTION, elifs + "else:\n    assert add(1, 2) == 3").problem
    assert read_suite(SOLUTION, classes + "assert add(1, 2) == 3").effective
    assert read_suite(SOLUTION, "x = 2\n" + many).problem


def test_a_solution_without_definitions_is_tested_by_what_it_imports() -> None:
    assert read_suite("from math import gcd", "assert gcd(4, 6) == 2").effective
    assert not read_suite("print(2)", "assert 2 == 2").effective


def test_a_solution_may_be_called_like_a_test() -> None:
    code = "def test_bit(n, k):\n    return bool(n >> k & 1)\n"
    assert read_suite(code, "assert test_bit(4, 2)").effective
    assert read_suite(code, f"{code}\nassert test_bit(4, 2)").redefined
