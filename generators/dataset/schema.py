"""The columns of each configuration. Columns are added at the end and never change their meaning.

`prompt` and `completion` are text, in the form that TRL calls prompt-completion; preferences and
unpaired rows have the columns that its DPO and KTO trainers look for. Conversations are a
configuration of their own: TRL takes a row with `messages` beside a text `prompt` for one whose
prompt is a list of messages, and fails.

Types are named as Arrow does; `arrow` makes a schema of them.
"""

from importlib import import_module
from typing import Any

__all__ = ["CONFIGS", "arrow"]

_DEFAULT = {
    "id": "string",
    "prompt": "string",
    "completion": "string",
    "instruction": "string",
    "response": "string",
    "seed": "string",
    "concepts": "list<string>",
    "category": "string",
    "difficulty": "string",
    "language": "string",
    "code": "string",
    "tests": "string",
    "sections": "list<string>",
    "shown_tests": "int32",
    "tests_passed": "int32",
    "asserts": "int32",
    "strength": "double",
    "agreement": "int32",
    "group": "string",
    "cluster": "string",
    "seed_id": "string",
    "source": "string",
    "repository": "string",
    "path": "string",
    "commit": "string",
    "licences": "list<string>",
    "start_line": "int32",
    "end_line": "int32",
    "verifier": "string",
    "traces": "list<trace>",
}
_MESSAGES = {
    "id": "string",
    "messages": "list<message>",
    "language": "string",
    "group": "string",
}
_PREFERENCES = {
    "id": "string",
    "prompt": "string",
    "chosen": "string",
    "rejected": "string",
    "reason": "string",
    "language": "string",
    "group": "string",
}
_KTO = {
    "id": "string",
    "prompt": "string",
    "completion": "string",
    "label": "bool",
    "reason": "string",
    "language": "string",
    "group": "string",
}
_REPAIRS = {
    "id": "string",
    "prompt": "string",
    "completion": "string",
    "instruction": "string",
    "failing": "string",
    "error": "string",
    "reason": "string",
    "language": "string",
    "group": "string",
}
CONFIGS: dict[str, dict[str, str]] = {
    "default": _DEFAULT,
    "messages": _MESSAGES,
    "preferences": _PREFERENCES,
    "kto": _KTO,
    "repairs": _REPAIRS,
}
"""Types of the columns, in order, by the name that `load_dataset` knows a configuration by."""
_STRUCTS = {
    "message": {"role": "string", "content": "string"},
    "trace": {
        "stage": "string",
        "model": "string",
        "request": "string",
        "seed": "int64",
        "shots": "list<string>",
        "finish_reason": "string",
    },
}


def arrow(columns: dict[str, str]) -> Any:
    """Return the `pyarrow.Schema` of a configuration."""
    # pyarrow has no types.
    pa: Any = import_module("pyarrow")
    return pa.schema([(name, _type(pa, kind)) for name, kind in columns.items()])


def _type(pa: Any, kind: str) -> Any:
    if kind.startswith("list<"):
        return pa.list_(_type(pa, kind[5:-1]))
    if kind in _STRUCTS:
        return pa.struct([(name, _type(pa, inner)) for name, inner in _STRUCTS[kind].items()])
    return pa.type_for_alias(kind)
