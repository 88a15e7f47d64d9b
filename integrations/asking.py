"""From a row and a completion to a verdict: what all hosts share."""

import asyncio
import json
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from veristone import (
    AssertsCheck,
    Call,
    Check,
    Client,
    Comparator,
    ConfigError,
    FunctionCheck,
    InvalidSample,
    Limits,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.generators.code.answers import solution_in_answer

__all__ = ["Asker", "check_of", "completion_text", "share"]


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
    if isinstance(value, str):
        loaded = _json(value)
        return check_of(loaded) if loaded is not None else AssertsCheck(tests=value)
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
            return check_of(fields["test_cases"])
        if "inputs" in fields and "outputs" in fields:
            pairs = list(zip(fields["inputs"], fields["outputs"], strict=True))
            if fields.get("fn_name"):
                return _calls(str(fields["fn_name"]), pairs)
            return _cases(pairs)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        rows = cast("Sequence[Any]", value)
        if rows and all(isinstance(row, Mapping) and "output" in row for row in rows):
            return _cases([(row.get("input", ""), row["output"]) for row in rows])
        if rows and all(isinstance(row, str) for row in rows):
            return AssertsCheck(tests="\n".join(rows))
    raise InvalidSample(
        "no check in the row: give test code, a check of ours, {inputs, outputs[, fn_name]},"
        " {assert_case} or [{input, output}]"
    )


def _json(text: str) -> Any:
    """Return what is written as a JSON object or array, else None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _cases(pairs: Sequence[tuple[Any, Any]]) -> StdioCheck:
    cases = [StdioCase(input=_text(given), output=_text(wanted)) for given, wanted in pairs]
    return StdioCheck(cases=cases, compare=Comparator(mode="tokens"), stop_on_first_failure=False)


def _text(value: Any) -> str:
    if isinstance(value, list):  # lines
        return "\n".join(map(str, cast("list[Any]", value)))
    return str(value)


def _calls(name: str, pairs: Sequence[tuple[Any, Any]]) -> FunctionCheck:
    calls = [Call(args=_arguments(given), expected=_value(wanted)) for given, wanted in pairs]
    return FunctionCheck(entry_point=name, calls=calls, float_atol=1e-6)


def _arguments(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [_value(line) for line in given.split("\n")]
    return list(given)


def _value(given: Any) -> Any:
    if isinstance(given, str):
        try:
            return json.loads(given)
        except (ValueError, RecursionError):
            return given
    return given


def completion_text(completion: Any) -> str:
    """Return what the model wrote: a text, or the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    messages = cast("Sequence[Mapping[str, Any]]", completion)
    return str(messages[-1].get("content") or "") if messages else ""


def share(verdict: Verdict) -> float:
    """Return the share of tests that passed: 1 for a pass, less for any other."""
    if verdict.decision == "pass":
        return 1.0
    # What ended badly did not do all of it, whatever its tests say.
    return min(verdict.passed / verdict.total, 0.99) if verdict.total else 0.0


class Asker:
    """Asks services about completions; makes a client for each event loop that it is used in.

    Args:
        urls: of services.
        token: of a tenant.
        deadline_s: seconds that a completion may take, its waiting included.
        cpu_s: CPU seconds of each run of a program.
        client: asked in place of services, by tests.
    """

    def __init__(
        self,
        *urls: str,
        token: str | None = None,
        deadline_s: float = 120.0,
        cpu_s: float = 10.0,
        client: Client | None = None,
    ) -> None:
        if not urls and client is None:
            raise ConfigError("give the address of a service: http://127.0.0.1:8080")
        self._urls = urls
        self._token = token
        self._deadline_s = deadline_s
        self._limits = Limits(cpu_s=cpu_s, wall_s=2 * cpu_s)
        self._given = client
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Client] = (
            weakref.WeakKeyDictionary()
        )

    async def ask(self, completion: Any, check: Any, language: str = "python") -> Verdict:
        """Judge the code in a completion.

        Raises:
            InvalidSample: the row's check is none, or no service can judge the code.
        """
        found = check_of(check)
        entry_point = found.entry_point if isinstance(found, FunctionCheck) else ""
        code = solution_in_answer(completion_text(completion), entry_point=entry_point)
        sample = Sample(code=code, check=found, language=language, limits=self._limits)
        return await self._client().verify(sample, self._deadline_s)

    def _client(self) -> Client:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = Client(*self._urls, token=self._token)
        return self._clients[loop]
