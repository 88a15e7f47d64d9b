"""MBPP+ inputs, from the JSON of the file back to what the functions were written for.

JSON has no tuples, sets or complex numbers, so the MBPP+ file holds lists and strings instead.
Which task wants which type is known by task number only; the numbers are those of EvalPlus 0.3.1
(`mbpp_deserialize_inputs`, unchanged since the first MBPP+ release).
"""

from collections.abc import Callable
from typing import Any, cast

from veristone import DatasetError

__all__ = ["restore_mbpp_args"]

Args = list[Any]


def restore_mbpp_args(task_id: str, args: Args) -> Args:
    """Return the positional arguments of one call, with their Python types restored.

    Args:
        task_id: as in the file, for example ``Mbpp/124``.
        args: one element of `base_input` or `plus_input`.

    Raises:
        DatasetError: the task id has no number, or the arguments do not have the task's shape.
    """
    number = task_id.rpartition("/")[2]
    if not number.isdecimal():
        raise DatasetError(f"{task_id!r} is no MBPP+ task id (they look like Mbpp/2)")
    restore = _BY_TASK.get(int(number))
    try:
        return args if restore is None else restore(args)
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise DatasetError(f"{task_id}: an input is not of this task's shape: {error}") from error


def _tuples(items: Any) -> list[Any]:
    return [tuple(item) for item in items]


def _set_or_empty_dict(item: Any) -> Any:
    # EvalPlus makes an empty *dictionary* of an empty list; scores depend on it, so we do too.
    return set(cast("list[Any]", item)) if isinstance(item, list) and item else {}


def _deep_tuple(item: Any, levels: int = 1000) -> Any:
    """Return lists as tuples, down to some levels."""
    if not isinstance(item, list) or not levels:
        return item
    return tuple(_deep_tuple(inner, levels - 1) for inner in cast("list[Any]", item))


_TABLE: list[tuple[str, Callable[[Args], Args]]] = [
    (
        "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809",
        _tuples,
    ),
    (
        "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780",
        lambda args: [_tuples(arg) for arg in args],
    ),
    ("75 413 444 753", lambda args: [_tuples(args[0]), *args[1:]]),
    ("250 307 405 446 617 720 763 808", lambda args: [tuple(args[0]), *args[1:]]),
    ("106 750", lambda args: [args[0], tuple(args[1]), *args[2:]]),
    ("259 401 445", lambda args: [tuple(_tuples(arg)) for arg in args]),
    ("278", lambda args: [_deep_tuple([*args[0]], levels=2)]),
    ("722", lambda args: [{key: tuple(item) for key, item in args[0].items()}, *args[1:]]),
    ("115", lambda args: [[_set_or_empty_dict(item) for item in args[0]]]),
    ("124", lambda args: [float(args[0]), complex(args[1])]),
    ("252", lambda args: [complex(args[0])]),
    ("580 615 791", lambda args: [_deep_tuple(arg) for arg in args]),
]
_BY_TASK = {int(number): restore for numbers, restore in _TABLE for number in numbers.split()}
