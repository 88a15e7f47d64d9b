"""A program without what shows its function off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.demos import without_demo

F = "def f(n):\n    return n * 2\n"


@pytest.mark.parametrize(
    "demo",
    [
        "n = 5\nprint(f(n))\n",
        "n = int(input())\nprint(f(n))\n",
        "n = input()  # try it\nprint(f(len(n.split())))\n",
        "for _ in range(int(input())):\n    print(f(int(input())))\n",
        "if __name__ == '__main__':\n    print(f(int(input())))\n",
        "assert f(2) == 5\n",
        "import sys\nprint(f(int(sys.stdin.readline())))\n",
        "def main():\n    print(f(int(input())))\n\nmain()\n",
        "result = f(3)\nfinal = result + 1\n",
        "Enjoy\n",
        "Complexity: O(n)\n",
        "while True:\n    f(1)\n",
        "unittest.main()\n",
        "import sys\nsys.exit(f(1))\n",
        "exit()\n",
        "try:\n    print(f(int(input())))\nexcept ValueError:\n    pass\n",
    ],
)
def test_a_demonstration_goes(demo: str) -> None:
    left = without_demo(F + "\n" + demo, "f")
    space: dict[str, object] = {"input": None, "__name__": "__main__"}
    exec(left, space)
    assert space["f"](4) == 8  # pyright: ignore[reportCallIssue]
    assert "f(" not in left.removeprefix(F).replace("def main():\n    print(f(int(input())))", "")


@pytest.mark.parametrize(
    "program",
    [
        F,
        "import sys\n" + F + "sys.setrecursionlimit(10_000)\n",
        "T = {}\ndef f(n):\n    return T[n]\nfor k in range(9):\n    T[k] = 2 * k\n",
        "T = []\ndef f(n):\n    return T[n]\ndef fill():\n    T.extend(range(0, 20, 2))\nfill()\n",
        "def f(n):\n    return g(n)\ndef g(n):\n    return 2 * n\n",
        "def f(n):\n    return 2 * n\nf = __import__('functools').lru_cache(f)\n",
        "class f:\n    def g(self): return input()\n",
        "def f(n:\n",
        "print(1)\n",
    ],
)
def test_what_the_function_needs_stays(program: str) -> None:
    assert without_demo(program, "f") == program


def test_an_input_is_not_asked_for_before_the_function_either() -> None:
    assert without_demo(f"n = int(input())\n{F}print(f(n))\n", "f") == F


@given(st.text(alphabet="fn(=):1\n \\'@#inputdefclassreturn", max_size=120))
def test_no_program_is_too_odd(code: str) -> None:
    left = without_demo(code, "f").split("\n")
    assert set(left) <= set(code.split("\n"))
