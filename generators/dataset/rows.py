"""The columns of each configuration, and lines of a selection as their rows. Pure.

Columns are added at the end and never change their meaning. `prompt` and `completion` are text, in
the form that TRL calls prompt-completion; preferences and unpaired rows have the columns that its
DPO and KTO trainers look for. Conversations are a configuration of their own: TRL takes a row with
`messages` beside a text `prompt` for one whose prompt is a list of messages, and fails.

`render` writes an instruction down as a prompt; it comes from whoever calls, because the template
belongs to training.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import msgspec

from veristone.generators.seeds.records import Provenance
from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired

__all__ = ["CONFIGS", "Render", "arrow", "default_row", "messages_row", "place", "product_row"]

Render: TypeAlias = Callable[[str], str]
"""An instruction to the prompt that stands before the response."""
Row: TypeAlias = dict[str, Any]


def _columns(text: str) -> dict[str, str]:
    """Read names with types; without one it is `string`."""
    parts = (word.partition(":") for word in text.split())
    return {name: kind or "string" for name, _, kind in parts}


CONFIGS: dict[str, dict[str, str]] = {
    "default": _columns(
        "id prompt completion instruction response seed concepts:list<string> category difficulty"
        " language code tests sections:list<string> shown_tests:int32 tests_passed:int32"
        " asserts:int32 strength:double agreement:int32 group cluster seed_id source repository"
        " path commit licences:list<string> start_line:int32 end_line:int32 verifier"
        " traces:list<trace>"
    ),
    "messages": _columns("id messages:list<message> language group"),
    "preferences": _columns("id prompt chosen rejected reason language group"),
    "kto": _columns("id prompt completion label:bool reason language group"),
    "repairs": _columns("id prompt completion instruction failing error reason language group"),
}
"""Types of the columns, in order, by the name that `load_dataset` knows a configuration by."""
_STRUCTS = {
    "message": _columns("role content"),
    "trace": _columns("stage model request seed:int64 shots:list<string> finish_reason"),
}


def place(config: str, split: str) -> str:
    """Return where the rows of a split lie in the dataset's folder, as the beginning of a path.

    Only rows of the default configuration begin with the split's name: programs that train take
    whatever is called `train-*`.
    """
    return f"data/{split}" if config == "default" else f"{config}/{config}-{split}"


def arrow(columns: dict[str, str]) -> Any:
    """Return the `pyarrow.Schema` of columns."""
    pa: Any = import_module("pyarrow")  # it has no types
    return pa.schema([(name, _type(pa, kind)) for name, kind in columns.items()])


def _type(pa: Any, kind: str) -> Any:
    if kind.startswith("list<"):
        return pa.list_(_type(pa, kind[5:-1]))
    if kind in _STRUCTS:
        return pa.struct([(name, _type(pa, inner)) for name, inner in _STRUCTS[kind].items()])
    return pa.type_for_alias(kind)


def default_row(selected: Selected, render: Render, cluster: str) -> Row:
    """Return the row of the default configuration."""
    record = selected.record
    seed, verdict = record.seed, record.verdict
    where = (seed.provenance if seed is not None else None) or Provenance(source="")
    known = {
        **msgspec.structs.asdict(record),
        **msgspec.structs.asdict(where),
        **msgspec.structs.asdict(selected),
        "prompt": render(selected.instruction),
        "completion": selected.response,
        "seed": seed.text if seed is not None else "",
        "seed_id": seed.id if seed is not None else "",
        "cluster": cluster,
        "tests_passed": verdict.passed if verdict is not None else 0,
        "verifier": verdict.version if verdict is not None else "",
        "traces": [msgspec.structs.asdict(trace) for trace in record.traces],
    }
    return {name: known[name] for name in CONFIGS["default"]}


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


def product_row(one: Preference | Unpaired | Repair, render: Render) -> Row:
    """Return the row of what a failure is good for."""
    return {**msgspec.structs.asdict(one), "prompt": render(one.prompt)}
