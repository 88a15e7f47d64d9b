"""Checks in the forms in which datasets write them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

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

__all__ = ["calls_check", "cases_check", "check_of", "loaded"]


def check_of(value: Any) -> Check:
    """Return the check that a dataset's row describes, in any of the forms that datasets use.

    - a check of ours, ``{"kind": ...}``;
    - test code, as text;
    - ``{"inputs": [...], "outputs": [...]}`` (verl, PRIME, APPS), with ``"fn_name"`` a function
      whose arguments are JSON, one a line of each input;
    - ``{"assert_case": [...]}`` (verl), statements;
    - ``[{"input": ..., "output": ...}]`` or ``{"test_cases": [...]}`` (open-r1).

    Any of them may be JSON in a string.

    Raises:
        InvalidSample: it is none of these.
    """
    try:
        return _check_of(value)
    except InvalidSample:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSample(f"no check in the row: {error}") from error


def _check_of(value: Any) -> Check:
    if isinstance(value, str):
        written = _container(value)
        return _check_of(written) if written is not None else AssertsCheck(tests=value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if "kind" in fields:
            try:
                return msgspec.convert(dict(fields), Check)
            except msgspec.ValidationError as error:
                raise InvalidSample(f"check: {error}") from error
        if fields.get("assert_case"):
            return AssertsCheck(tests="\n".join(map(str, fields["assert_case"])))
        if "test_cases" in fields:
            return _check_of(fields["test_cases"])
        if "inputs" in fields and "outputs" in fields:
            pairs = list(zip(fields["inputs"], fields["outputs"], strict=True))
            if fields.get("fn_name"):
                return calls_check(str(fields["fn_name"]), pairs)
            return cases_check(pairs)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        rows = cast("Sequence[Any]", value)
        if rows and all(isinstance(row, Mapping) and "output" in row for row in rows):
            return cases_check([(row.get("input", ""), row["output"]) for row in rows])
        if rows and all(isinstance(row, str) for row in rows):
            return AssertsCheck(tests="\n".join(rows))
    raise InvalidSample(
        "no check in the row: give test code, a check of ours, {inputs, outputs[, fn_name]},"
        " {assert_case} or [{input, output}]"
    )


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

    Arguments are a list, or text with one of them in JSON on each line.
    """
    calls = [Call(args=_arguments(given), expected=_value(wanted)) for given, wanted in pairs]
    return FunctionCheck(entry_point=name, calls=calls, float_atol=1e-6)


def _arguments(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [_value(line) for line in given.split("\n")]
    return list(given)


def _value(given: Any) -> Any:
    return loaded(given, given) if isinstance(given, str) else given


def loaded(text: str, otherwise: Any) -> Any:
    """Return what a text says in JSON, or `otherwise` where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
