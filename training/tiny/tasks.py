"""Small programming tasks without end, of known difficulty and with the right answer at hand.

A task asks for a one-line Python function. It comes with a right solution, with wrong ones as they
stand in carelessly written code, with example tests as an author would write them, and with hidden
tests. Hidden tests are for judging; no corpus and no prompt may show them.

No function name of one split occurs in another; where a template has constants, no combination of
template and constants does either. A template without constants is the same task in all splits,
under another name, and so are the phrases: what is held out is not all new.

Everything is a function of seed, split and index: task 7 is the same whether 8 tasks are sampled or
8,000, on every machine and Python.
"""

import functools
import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from veristone.training.tiny.templates import (
    Arguments,
    Constants,
    Template,
    common_input,
    distinct,
    hidden_input,
    templates,
    value_of,
)

__all__ = ["HIDDEN_TESTS", "Split", "Task", "sample_tasks"]

Split: TypeAlias = Literal["pretrain", "align", "held_out"]
"""`pretrain`: solutions are shown to the model before anything else. `align`: instructions for
the loop, whose solutions the model writes itself. `held_out`: for evaluation only."""

HIDDEN_TESTS: Final = 8
_SHARES: Final[dict[Split, int]] = {"pretrain": 6, "align": 2, "held_out": 2}  # of 10

_words_in = re.compile(r"\w+").findall
_FIRST: Final = _words_in(
    "amber bold calm dark eager fair grand happy icy jolly keen light merry neat old proud "
    "quick red shy tall urban vast warm young"
)
_SECOND: Final = _words_in(
    "acorn bear cloud dune elm fox gate hill iris jar kite lamp moon nest oak pond quill "
    "river star tree urn vine wolf yard"
)
_PARAMETERS: Final = {
    "int": ("x", "n", "num", "value"),
    "list": ("xs", "nums", "items", "data"),
    "text": ("s", "t", "text", "word"),
}
_PAIRS: Final = (("a", "b"), ("x", "y"), ("m", "n"), ("left", "right"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task."""

    id: str
    template: str
    name: str
    """Of the function."""
    instruction: str
    solution: str
    """A right program."""
    mistakes: tuple[str, ...]
    """Wrong programs. Each fails a hidden test; an example test may miss it."""
    example_tests: tuple[str, ...]
    """Three true ``assert`` lines on everyday inputs, for a corpus."""
    hidden_tests: tuple[str, ...]
    """`HIDDEN_TESTS` true ``assert`` lines on other, wider inputs."""


def sample_tasks(seed: int, n: int, split: Split) -> list[Task]:
    """Return the first `n` tasks of a split; tasks may repeat, the more so the larger `n` is.

    Raises:
        ValueError: there is no such split.
    """
    if split not in get_args(Split):
        raise ValueError(f"split: {split!r} is none of {', '.join(get_args(Split))}")
    return [_task(seed, index, split) for index in range(n)]


def _task(seed: int, index: int, split: Split) -> Task:
    key = f"{split}-{seed}-{index:06d}"
    rng = random.Random(f"tiny {key}")
    kind = rng.choice(list(templates()))
    template = templates()[kind]
    name = f"{rng.choice(_FIRST)}_{rng.choice(_SECOND)}"
    while _split_of_name(name) != split:
        name = f"{rng.choice(_FIRST)}_{rng.choice(_SECOND)}"
    words = _words(template, rng.choice(_constants_of_split(kind, split)), rng)
    parameters = [words[slot] for slot in "ab"[: len(template.args)]]
    temporary = rng.random() < 0.25
    right = template.right.format(**words)
    wrong = [expression.format(**words) for expression in template.wrong]

    def program(expression: str) -> str:
        head = f"def {name}({', '.join(parameters)}):"
        if temporary:
            return f"{head}\n    result = {expression}\n    return result"
        return f"{head}\n    return {expression}"

    examples = distinct(lambda: tuple(common_input(kind, rng) for kind in template.args), 3)
    near = [int(words[slot]) for slot in "km" if slot in words]
    hidden = _telling_inputs(template, near, parameters, right, wrong, rng)
    return Task(
        id=f"tiny-{key}",
        template=kind,
        name=name,
        instruction=f"Write a function {name}({', '.join(parameters)}) that "
        f"{rng.choice(template.phrases).format(**words)}.",
        solution=program(right),
        mistakes=tuple(program(expression) for expression in wrong),
        example_tests=_asserts(name, parameters, right, examples),
        hidden_tests=_asserts(name, parameters, right, hidden),
    )


def _words(template: Template, constants: Constants, rng: random.Random) -> dict[str, str]:
    """What stands for the slots of the template's phrases and expressions."""
    words = {
        slot: str(value)
        for slot, value in (("k", constants.k), ("m", constants.m))
        if value is not None
    }
    if len(template.args) == 2:
        words["a"], words["b"] = rng.choice(_PAIRS)
    else:
        kind = {"full": "list", "word": "text"}.get(template.args[0], template.args[0])
        words["a"] = rng.choice(_PARAMETERS[kind])
    return words


def _telling_inputs(
    template: Template,
    near: Sequence[int],
    parameters: Sequence[str],
    right: str,
    wrong: Sequence[str],
    rng: random.Random,
) -> list[Arguments]:
    """Inputs that tell the right expression from each of the wrong ones."""
    for _ in range(1000):
        inputs = distinct(
            lambda: tuple(hidden_input(kind, near, rng) for kind in template.args), HIDDEN_TESTS
        )
        values = [value_of(right, parameters, arguments) for arguments in inputs]
        others = [[value_of(one, parameters, each) for each in inputs] for one in wrong]
        if values not in others:
            return inputs
    raise AssertionError(f"templates.toml: a wrong expression equals {right}")


def _asserts(
    name: str, parameters: Sequence[str], right: str, inputs: Sequence[Arguments]
) -> tuple[str, ...]:
    return tuple(
        f"assert {name}({', '.join(map(repr, arguments))}) == "
        f"{value_of(right, parameters, arguments)!r}"
        for arguments in inputs
    )


@functools.cache
def _split_of_name(name: str) -> Split:
    at = hashlib.sha256(name.encode()).digest()[0] % sum(_SHARES.values())
    for split, share in _SHARES.items():
        if at < share:
            return split
        at -= share
    raise AssertionError("shares add up")


@functools.cache
def _constants_of_split(kind: str, split: Split) -> list[Constants]:
    """The constants of a template that belong to a split: its share, but at least one.

    A template without constants has one choice, which all splits share.
    """
    choices = templates()[kind].constants()
    if len(choices) == 1:
        return choices
    choices.sort(key=lambda choice: hashlib.sha256(f"{kind} {choice}".encode()).digest())
    others = {name: max(1, len(choices) * _SHARES[name] // 10) for name in ("align", "held_out")}
    bounds = {
        "align": (0, others["align"]),
        "held_out": (others["align"], others["align"] + others["held_out"]),
        "pretrain": (others["align"] + others["held_out"], len(choices)),
    }
    return choices[slice(*bounds[split])]
