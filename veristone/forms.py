"""Checks in the forms in which datasets write them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from veristone.checks import (
    AssertsCheck,
    Call,
    Check,
    Comparator,
    FunctionCheck,
    StdioCase,
    StdioCheck,
)
from veristone.errors import InvalidSample

__all__ = ["calls_check", "cases_check", "check_of", "is_ours", "loaded"]

T = TypeVar("T")


def check_of(value: Any) -> Check:
    """Return the check that a dataset's row describes, in any of the forms that datasets use.

    - a check of ours, ``{"kind": ...}``;
    - test code, as text;
    - ``{"inputs": [...], "outputs": [...]}`` (verl, PRIME, APPS), with ``"fn_name"`` a function
      whose arguments are JSON, one a line of each input;
    - ``{"assert_case": [...]}`` (verl), statements;
    - ``[{"input": ..., "output": ...}]`` or ``{"test_cases": [...]}`` (open-r1, LiveCodeBench), of
      a function where they have ``fn_name`` or ``metadata.func_name``.

    Any of them may be JSON in a string, and arrays of numpy.

    Raises:
        InvalidSample: it is none of these, or tests nothing.
    """
    try:
        return _check_of(_plain(value))
    except InvalidSample:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSample(f"no check in the row: {error}") from error


def is_ours(value: Any) -> bool:
    """Whether a row's check is written as one of ours is, with its `kind`."""
    written = _container(value) if isinstance(value, str) else value
    return isinstance(written, Mapping) and "kind" in written


def _plain(value: Any) -> Any:
    """Return a value with lists where it has arrays of numpy, as tables have them."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return {name: _plain(each) for name, each in fields.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    return value


def _check_of(value: Any) -> Check:
    if isinstance(value, str):
        written = _container(value)
        if written is not None:
            return _check_of(written)
        return AssertsCheck(tests=_some(value.strip() and value))
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if "kind" in fields:
            return _ours(fields)
        if fields.get("assert_case"):
            return AssertsCheck(tests="\n".join(map(str, fields["assert_case"])))
        if "test_cases" in fields:
            return _check_of(fields["test_cases"])
        if "inputs" in fields and "outputs" in fields:
            given, wanted = _listed(fields["inputs"]), _listed(fields["outputs"])
            return _pairs_check(fields.get("fn_name"), list(zip(given, wanted, strict=True)))
    if isinstance(value, list):
        rows = cast("list[Any]", value)
        if rows and all(isinstance(row, dict) and "output" in row for row in rows):
            return _pairs_check(
                _function_of(rows[0]), [(row.get("input", ""), row["output"]) for row in rows]
            )
        if rows and all(isinstance(row, str) for row in rows):
            return AssertsCheck(tests="\n".join(rows))
    raise InvalidSample(
        "no check in the row: give test code, a check of ours, {inputs, outputs[, fn_name]},"
        " {assert_case} or [{input, output}]"
    )


def _ours(fields: dict[str, Any]) -> Check:
    # Tables fill what other rows have and this one has not with null.
    filled = {name: value for name, value in fields.items() if value is not None}
    for written in (fields, filled):
        try:
            return msgspec.convert(written, Check)
        except msgspec.ValidationError as error:
            wrong = error
    raise InvalidSample(f"check: {wrong}") from wrong


def _function_of(row: dict[str, Any]) -> Any:
    """Return the name of the function that a case is about; none where it is about a program."""
    metadata = row.get("metadata")
    metadata = loaded(metadata, None) if isinstance(metadata, str) else metadata
    named = cast("dict[str, Any]", metadata).get("func_name") if isinstance(metadata, dict) else ""
    name = row.get("fn_name") or named
    kinds = {row.get("type"), row.get("testtype")}
    if not name and kinds & {"function_call", "functional"}:
        raise InvalidSample("no check in the row: its cases are of a function without a name")
    return name


def _pairs_check(name: Any, pairs: list[tuple[Any, Any]]) -> Check:
    return calls_check(str(name), _some(pairs)) if name else cases_check(_some(pairs))


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _some(tests: T) -> T:
    if not tests:
        raise InvalidSample("no check in the row: it has no test")
    return tests


def _container(text: str) -> Any:
    """Return what is written as a JSON object or array, else None."""
    return loaded(text, None) if text.lstrip().startswith(("{", "[")) else None


def cases_check(
    pairs: Sequence[tuple[Any, Any]], *, stop_on_first_failure: bool = False
) -> StdioCheck:
    """Return the check of a program by pairs of input and output: texts, or lists of lines."""
    return StdioCheck(
        cases=[StdioCase(input=_text(given), output=_text(wanted)) for given, wanted in pairs],
        compare=Comparator(mode="tokens"),
        stop_on_first_failure=stop_on_first_failure,
    )


def _text(value: Any) -> str:
    if isinstance(value, list):  # lines
        return "\n".join(map(str, cast("list[Any]", value)))
    return str(value)


def calls_check(name: str, pairs: Sequence[tuple[Any, Any]]) -> FunctionCheck:
    """Return the check of a function by pairs of arguments and value.

    Arguments are a list, or text with one of them in JSON on each line. Where each value is a list
    of one, as APPS has them, it is the one item.
    """
    lists = [cast("list[Any]", wanted) for _, wanted in pairs if isinstance(wanted, list)]
    wrapped = len(lists) == len(pairs) and all(len(each) == 1 for each in lists)
    calls = [
        Call(args=_arguments(given), expected=_value(wanted[0] if wrapped else wanted))
        for given, wanted in pairs
    ]
    return FunctionCheck(entry_point=name, calls=calls, float_atol=1e-6)


def _arguments(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [_value(line) for line in given.split("\n") if line.strip()]
    return list(given)


def _value(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return _PYTHONS.get(given.strip(), loaded(given, given))


_PYTHONS = {"True": True, "False": False, "None": None}
"""What Python prints where JSON has other words."""


def loaded(text: str, otherwise: Any) -> Any:
    """Return what a text says in JSON, or `otherwise` where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
