"""Programs of ours that run a seed in a sandbox, and what is read of what they say.

A program gets a request as JSON on its stdin, moves its stdout to where the seed does not write,
and says one line of JSON there. Seeds are public code that knows nothing of it: what is guarded
against is what they do by accident. All the same every field is checked for its type.
"""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from veristone import ConfigError, Decision, Limits, ProgramCheck, Sample, Verdict, Verifier
from veristone.generators.seeds.steps import Rejected, Services
from veristone.text import line

__all__ = ["read_report", "sample_of", "verifier_of"]


R = TypeVar("R", bound=msgspec.Struct)


def sample_of(
    program: str,
    id: str,
    request: Mapping[str, Any],
    limits: Limits,
    files: Mapping[str, bytes] | None = None,
) -> Sample:
    """Return the sample that runs a program of `harness/` on a request."""
    return Sample(
        code=_source(program),
        # ASCII: corpus text may hold halves of surrogate pairs, which are no UTF-8.
        check=ProgramCheck(stdin=json.dumps(request), exit_code=None),
        id=id,
        limits=limits,
        files=dict(files or {}),
    )


@functools.cache
def _source(program: str) -> str:
    return (Path(__file__).parent / "harness" / program).read_text()


def read_report(verdict: Verdict, kind: type[R]) -> R | Rejected:
    """Return what the program said, or why it did not come to that.

    Reasons: `timeout`, `crashed`, and `undecided` where the verifier failed, not the seed. That is
    a reason of its own: a fault of ours must neither condemn a seed nor wave it through. Such seeds
    are stored with the other rejections and can be run again.
    """
    if verdict.decision is Decision.UNDECIDED:
        return Rejected("undecided", line(f"{verdict.reason}: {verdict.message}"))
    output = verdict.stdout
    said = f"{output.head}{output.tail}".strip().rpartition("\n")[2]
    try:
        return msgspec.json.decode(said, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        reason = "timeout" if verdict.reason.is_timeout else "crashed"
        why = verdict.message or "ended before its report"
        return Rejected(reason, line(f"{verdict.reason}: {why}"))


def verifier_of(services: Services, kind: str) -> Verifier:
    """Return the verifier.

    Raises:
        ConfigError: there is none.
    """
    if services.verifier is None:
        raise ConfigError(
            f"step {kind!r} runs seeds in sandboxes and there is no verifier: start one (see"
            " `veristone doctor`), or take the step out of the recipe"
        )
    return services.verifier
