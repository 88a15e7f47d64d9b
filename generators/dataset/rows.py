"""Lines of a selection as rows of a table. Pure.

`render` writes an instruction down as a prompt; it comes from whoever calls, because the template
belongs to training. Text that no UTF-8 file can hold (half a surrogate pair) is replaced.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired

__all__ = ["Render", "default_row", "kto_row", "messages_row", "preference_row", "repair_row"]

Render: TypeAlias = Callable[[str], str]
"""An instruction to the prompt that stands before the response."""
Row: TypeAlias = dict[str, Any]


def default_row(selected: Selected, render: Render, cluster: str) -> Row:
    """Return the row of the default configuration."""
    record = selected.record
    seed, verdict = record.seed, record.verdict
    where = seed.provenance if seed is not None else None
    return {
        "id": selected.id,
        "prompt": render(selected.instruction),
        "completion": selected.response,
        "instruction": selected.instruction,
        "response": selected.response,
        "seed": seed.text if seed is not None else "",
        "concepts": list(record.concepts),
        "category": record.category,
        "difficulty": record.difficulty,
        "language": record.language,
        "code": record.code,
        "tests": record.tests,
        "sections": list(selected.sections),
        "shown_tests": selected.shown_tests,
        "tests_passed": verdict.passed if verdict is not None else 0,
        "asserts": selected.asserts,
        "strength": selected.strength,
        "agreement": selected.agreement,
        "group": selected.group,
        "cluster": cluster,
        "seed_id": seed.id if seed is not None else "",
        "source": where.source if where is not None else "",
        "repository": where.repository if where is not None else "",
        "path": where.path if where is not None else "",
        "commit": where.commit if where is not None else "",
        "licences": list(where.licences) if where is not None else [],
        "start_line": where.start_line if where is not None else 0,
        "end_line": where.end_line if where is not None else 0,
        "verifier": verdict.version if verdict is not None else "",
        "traces": [
            {**msgspec.structs.asdict(trace), "shots": list(trace.shots)} for trace in record.traces
        ],
    }


def messages_row(selected: Selected) -> Row:
    """Return the row as a conversation, without a system message: the chat template has one."""
    return {
        "id": selected.id,
        "messages": [
            {"role": "user", "content": selected.instruction},
            {"role": "assistant", "content": selected.response},
        ],
        "language": selected.record.language,
        "group": selected.group,
    }


def preference_row(one: Preference, render: Render) -> Row:
    """Return the row of a preference pair."""
    return {**msgspec.structs.asdict(one), "prompt": render(one.prompt)}


def kto_row(one: Unpaired, render: Render) -> Row:
    """Return the row of a labelled answer."""
    return {**msgspec.structs.asdict(one), "prompt": render(one.prompt)}


def repair_row(one: Repair, render: Render) -> Row:
    """Return the row of a repair."""
    return {**msgspec.structs.asdict(one), "prompt": render(one.prompt)}
