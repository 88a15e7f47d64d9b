"""Benchmark files to items: one task each, whatever its fields are called.

Nothing is downloaded and no benchmark is named in code: a file is JSON Lines (plain or gzipped),
JSON or parquet, and its fields are recognised by the names that HumanEval, EvalPlus, MBPP, DS-1000,
LiveCodeBench, MultiPL-E, HumanEval-X, APPS and their relatives use. Every row becomes an item, of
whatever split: a task of the training split that is evaluated is a leak as well.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from veristone import DatasetError
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.names import name_words
from veristone.generators.seeds.contamination.rows import read_rows

__all__ = ["Item", "load_items", "make_item"]

_TEXTS = "prompt text question question_content problem problem_description description docstring"
_TEXT_FIELDS = (*_TEXTS.split(), "instruction", "content", "task", "question_title")
_CODE_FIELDS = (
    *("canonical_solution", "code", "solution", "reference_code", "reference_solution"),
    *("solutions", "canonical_solutions", "reference"),
)
_TEST_FIELDS = (
    *("test", "tests", "test_list", "challenge_test_list", "example_test", "public_test_cases"),
    "input_output",
)
_SIGNATURE_FIELDS = ("declaration", "starter_code", "signature")
_NAME_FIELDS = ("entry_point", "function_name", "func_name", "fn_name")
_ID_FIELDS = ("task_id", "question_id", "problem_id", "id", "name")
_LANGUAGE_FIELDS = ("language", "lang", "programming_language")
_ID_LANGUAGES = frozenset({"cpp", "java", "javascript", "go", "rust"})
_NAMED_TASK = re.compile(r"\w+?_\d+_(\w+)")
"""MultiPL-E: `HumanEval_3_below_zero`."""
_MOST_SOLUTIONS = 50
"""APPS has hundreds for a task, most of them alike."""
_LONGEST = 200_000
"""Characters of a field that are read: hidden test cases can take megabytes."""


class Item(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One task of a benchmark."""

    benchmark: str
    """As the recipe names it."""
    task_id: str
    language: str = "python"
    """Of the solutions, and of the texts where these are code."""
    entry_point: str = ""
    texts: tuple[str, ...] = ()
    """What the task asks for, in words."""
    solutions: tuple[str, ...] = ()
    signature: str = ""
    tests: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How the item is named to people: `HumanEval/12 (longest)`."""
        known = self.task_id.casefold().startswith(self.benchmark.casefold())
        where = self.task_id if known or "/" in self.task_id else f"{self.benchmark}/{self.task_id}"
        name = self.entry_point
        return f"{where} ({name})" if name and name not in where else where


def load_items(path: Path, benchmark: str, language: str = "") -> list[Item]:
    """Read a benchmark's file; `language` wins over what the rows say.

    Raises:
        DatasetError: it cannot be read, or no row of it has a text or a solution.
    """
    rows = list(read_rows(path))
    items = [make_item(row, benchmark, number, language) for number, row in enumerate(rows)]
    if not any(item.texts or item.solutions for item in items):
        fields = ", ".join(sorted(rows[0])) if rows else "none, the file is empty"
        raise DatasetError(
            f"{path}: {benchmark}: no field with a problem's text ({', '.join(_TEXT_FIELDS)}) or "
            f"solution ({', '.join(_CODE_FIELDS)}) in it; its fields are: {fields}"
        )
    return items


def make_item(row: Mapping[str, Any], benchmark: str, number: int, language: str = "") -> Item:
    """Make an item of one row of any benchmark's file."""
    outer = {**_inner(row, "metadata"), **row}
    task_id = next(iter(_strings(outer, _ID_FIELDS)), str(number))
    language = language or _language(outer, task_id)
    solutions = tuple(dict.fromkeys(_strings(outer, _CODE_FIELDS)))[:_MOST_SOLUTIONS]
    tests = tuple(_strings(outer, _TEST_FIELDS))
    signature = next(iter(_strings(outer, _SIGNATURE_FIELDS)), "")
    raw = list(dict.fromkeys(_strings(outer, _TEXT_FIELDS)))
    name = next(iter(_strings(outer, _NAME_FIELDS)), "")
    name = name or _guess_name(task_id, [signature, *raw, *solutions], tests, language)
    return Item(
        benchmark=benchmark,
        task_id=task_id,
        language=language,
        entry_point=name,
        texts=tuple(dict.fromkeys(text for text in (_words_of(t, language) for t in raw) if text)),
        solutions=solutions,
        signature=signature,
        tests=tests + tuple(text for text in raw if _is_code(text, language)),
    )


def _inner(row: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = row.get(field)
    if isinstance(value, str):
        value = _parsed(value)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(row: Mapping[str, Any], fields: Iterable[str]) -> Iterator[str]:
    """Yield the texts in some fields, also those in lists and in JSON inside a string (APPS)."""
    for field in fields:
        yield from (text[:_LONGEST] for text in _flat(row.get(field)) if text.strip())


def _flat(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        inner = _parsed(value) if value[:1] in "[{" and value[:1] else None
        if isinstance(inner, list | dict) and depth == 0:
            yield from _flat(cast("object", inner), 1)
        else:
            yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif depth < 4 and isinstance(value, list | tuple):
        for part in cast("Sequence[object]", value):
            yield from _flat(part, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        for part in cast("Mapping[str, object]", value).values():
            yield from _flat(part, depth + 1)


def _language(row: Mapping[str, Any], task_id: str) -> str:
    """Return the language that a row says; Python where it says none."""
    stated = next(iter(_strings(row, _LANGUAGE_FIELDS)), "").strip().lower()
    # HumanEval-X says it in the task's id alone: CPP/3, Java/3, JavaScript/3.
    prefix = task_id.partition("/")[0].lower()
    return stated or (prefix if prefix in _ID_LANGUAGES else "python")


def _is_code(text: str, language: str) -> bool:
    """Tell code from words that speak of a "function to (...)": code has a sign for three words."""
    features = Features("", text, language)
    signs = sum(not token[0].isalnum() for token in features.lexed.tokens)
    return bool(features.defined) and 4 * signs > len(features.lexed.tokens)


def _words_of(text: str, language: str) -> str:
    """Return a text's words: its comments and documentation, where it is code."""
    features = Features("", text, language)
    prose = features.lexed.prose
    # MBPP+ has its prompts in triple quotes and nothing else.
    return prose.strip() if len(prose) > 0.8 * len(text) or _is_code(text, language) else text


def _guess_name(task_id: str, codes: list[str], tests: Sequence[str], language: str) -> str:
    """Return the function's name that is asked for: what the tests call, else what is defined."""
    names = [name for code in codes for name in Features("", code, language).defined]
    squeezed = {"".join(name): "_".join(name) for name in reversed(names) if name != ("main",)}
    if not squeezed:
        return match[1] if (match := _NAMED_TASK.fullmatch(task_id)) else ""
    called = "".join(name_words("_".join([task_id, *tests])[:2000]))
    order = sorted((called.find(key) % 10_000_000, at) for at, key in enumerate(reversed(squeezed)))
    return list(reversed(squeezed.values()))[order[0][1]]
