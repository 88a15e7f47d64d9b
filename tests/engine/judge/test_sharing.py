"""Which tests need the solution in their own process: by their text alone."""

import pytest

from veristone.engine.judge.sharing import reason_to_share


@pytest.mark.parametrize(
    ("tests", "shared"),
    [
        ("assert add(1, 2) == 3", False),
        ("class Helper:\n    pass\nclass More(Helper):\n    pass\nassert add(1, 2) == 3", False),
        ("class Mine(Base):\n    pass\nassert Mine().x == 1", True),
        ("from solution import Base\nclass Mine(Base):\n    pass\nassert Mine().x == 1", True),
        ("import inspect\nassert inspect.isfunction(add)", True),
        ("async def slow():\n    await asyncio.sleep(9)\nassert race(slow())", True),
        ("assert isinstance(Box.__dict__['size'], property)", True),
        ("assert vars(box) == {'size': 3} == box.__dict__", False),
        ("import threading\nassert add(1, 2) == 3", True),
        ("class Duck:\n    pass\nd = Duck()\nassert isinstance(d, Quacks)", True),
        ("class Duck:\n    pass\nassert isinstance(Duck(), Duck) and hear(Duck())", False),
        ("@known\nclass Mine:\n    pass\nassert KNOWN", True),
        ("import solution\n@solution.known\nclass Mine:\n    pass", True),
        ("class Mine:\n    @once\n    def mark(self):\n        return 1", True),
        ("class Mine:\n    size = Positive()", True),
        ("class Mine:\n    pass\nbox = Container()\nbox.add(Mine)", True),
        ("class Mine:\n    pass\nassert made(Mine).size == 1", True),
        ("@dataclass\nclass Mine:\n    x: int\nfrom dataclasses import dataclass", False),
        ("class TestAdd:\n    adder = Adder()\n    def test_add(self):\n        pass", False),
        ("class Odd(Exception):\n    pass\nassert tried(3, Odd)", False),
        ("class Mine:\n    pass\nassert isinstance(made(), Mine) and use(Mine())", False),
        ("this is no Python: class", False),
    ],
)
def test_the_text_of_the_tests_decides(tests: str, shared: bool) -> None:
    assert (reason_to_share(tests) is not None) is shared
