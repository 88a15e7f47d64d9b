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
    if restore is None:
        return args
    try:
        return restore(args)
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise DatasetError(f"{task_id}: an input is not of this task's shape: {error}") from error


def _every_argument(args: Args) -> Args:
    return [tuple(arg) for arg in args]


def _items_of_every_argument(args: Args) -> Args:
    return [_tuples(arg) for arg in args]


def _items_of_first(args: Args) -> Args:
    return [_tuples(args[0]), *args[1:]]


def _first(args: Args) -> Args:
    return [tuple(args[0]), *args[1:]]


def _second(args: Args) -> Args:
    return [args[0], tuple(args[1]), *args[2:]]


def _two_levels(args: Args) -> Args:
    return [tuple(_tuples(arg)) for arg in args]


def _first_with_nested(args: Args) -> Args:
    return [tuple(_tuple_if_list(item) for item in args[0])]


def _values_of_first(args: Args) -> Args:
    return [{key: tuple(value) for key, value in args[0].items()}, *args[1:]]


def _sets_of_first(args: Args) -> Args:
    # EvalPlus makes an empty *dictionary* of an empty list; scores depend on it, so we do too.
    return [[_set_or_empty_dict(item) for item in args[0]]]


def _float_and_complex(args: Args) -> Args:
    return [float(args[0]), complex(args[1])]


def _complex(args: Args) -> Args:
    return [complex(args[0])]


def _all_levels(args: Args) -> Args:
    return [_deep_tuple(arg) for arg in args]


def _tuples(items: Any) -> list[Any]:
    return [tuple(item) for item in items]


def _tuple_if_list(item: Any) -> Any:
    return tuple(cast("list[Any]", item)) if isinstance(item, list) else item


def _set_or_empty_dict(item: Any) -> Any:
    return set(cast("list[Any]", item)) if isinstance(item, list) and item else {}


def _deep_tuple(item: Any) -> Any:
    if isinstance(item, list):
        return tuple(_deep_tuple(inner) for inner in cast("list[Any]", item))
    return item


_TABLE: list[tuple[Callable[[Args], Args], str]] = [
    (
        _every_argument,
        "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809",
    ),
    (_items_of_every_argument, "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780"),
    (_items_of_first, "75 413 444 753"),
    (_first, "250 307 405 446 617 720 763 808"),
    (_second, "106 750"),
    (_two_levels, "259 401 445"),
    (_first_with_nested, "278"),
    (_values_of_first, "722"),
    (_sets_of_first, "115"),
    (_float_and_complex, "124"),
    (_complex, "252"),
    (_all_levels, "580 615 791"),
]

_BY_TASK: dict[int, Callable[[Args], Args]] = {
    int(number): restore for restore, numbers in _TABLE for number in numbers.split()
}
