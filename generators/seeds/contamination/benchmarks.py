"""Benchmark files to items: one task each, whatever its fields are called.

Nothing is downloaded and no benchmark is named in code: a file is JSON Lines, plain or gzipped, and
its fields are recognised by the names that HumanEval, EvalPlus, MBPP, DS-1000, LiveCodeBench,
MultiPL-E, HumanEval-X, APPS and their relatives use. Every row becomes an item, of whatever split:
a task of the training split that is evaluated is a leak as well.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from veristone import ConfigError, DatasetError
from veristone.files import read_rows
from veristone.generators.seeds.contamination.reading import documentation, words
from veristone.settings import joined

__all__ = [
    "DEFINED",
    "BenchmarkFile",
    "Item",
    "files_of",
    "load_items",
    "make_item",
    "named_benchmarks",
]

_TEXTS = (
    *("prompt", "text", "question", "question_content", "question_title", "problem", "docstring"),
    *("problem_description", "description", "instruction", "content", "task"),
)
_CODES = (
    *("canonical_solution", "code", "solution", "reference_code", "reference_solution"),
    *("solutions", "canonical_solutions", "reference"),
)
_TESTS = ("test", "tests", "test_list", "challenge_test_list", "example_test")
_SIGNATURES = ("declaration", "starter_code", "signature")
_NAMES = ("entry_point", "function_name", "func_name", "fn_name")
_IDS = ("task_id", "question_id", "problem_id", "id", "name")
_LANGUAGES = ("language", "lang", "programming_language")
_ID_LANGUAGES = frozenset({"cpp", "java", "javascript", "go", "rust"})
_NAMED_TASK = re.compile(r"\w+?_\d+_(\w+)")
"""MultiPL-E: `HumanEval_3_below_zero`."""
DEFINED = re.compile(r"\b(?:def|function|func|fn|fun|sub|const)\s+([A-Za-z_]\w*)\s*[(=<]")
_MOST_SOLUTIONS = 50
"""APPS has hundreds for a task, most of them alike."""
_LONGEST = 200_000
"""Characters of a field that are read: hidden test cases can take megabytes."""
_SUFFIXES = (".jsonl", ".jsonl.gz")


class BenchmarkFile(BaseModel):
    """Where a benchmark is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    """As it appears in rejections."""
    path: Path
    """A file of JSON Lines, plain or gzipped, or a directory of them."""
    language: str = ""
    """Of its code, where the file does not say and it is not Python."""


def named_benchmarks(given: Iterable[str]) -> list[BenchmarkFile]:
    """Return the benchmarks that are given as `NAME=FILE`, as `--benchmark` has them.

    Raises:
        ConfigError: one is not of that form.
    """
    found: list[BenchmarkFile] = []
    for item in given:
        name, _, path = item.partition("=")
        if not (name and path):
            raise ConfigError(f"--benchmark {item}: give NAME=FILE")
        found.append(BenchmarkFile(name=name, path=Path(joined(Path(), path)).resolve()))
    return found


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

    @property
    def label(self) -> str:
        """How the item is named to people: `HumanEval/12 (longest)`."""
        known = self.task_id.casefold().startswith(self.benchmark.casefold())
        where = self.task_id if known or "/" in self.task_id else f"{self.benchmark}/{self.task_id}"
        name = self.entry_point
        return f"{where} ({name})" if name and name not in where else where


def files_of(path: Path) -> list[Path]:
    """Return the file, or the benchmark files of a directory by name (MultiPL-E's languages).

    Raises:
        ConfigError: there is no such file, or no benchmark file in the directory.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.name.endswith(_SUFFIXES) and p.is_file())
        if not files:
            raise ConfigError(f"{path}: no file in it ends in {' or '.join(_SUFFIXES)}")
        return files
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    return [path]


def load_items(path: Path, benchmark: str, language: str = "") -> list[Item]:
    """Read a benchmark's file; `language` wins over what the rows say.

    Raises:
        DatasetError: it cannot be read, or no row of it has a text or a solution.
    """
    rows = [row.fields for row in read_rows(path)]
    items = [make_item(row, benchmark, number, language) for number, row in enumerate(rows)]
    if not any(item.texts or item.solutions for item in items):
        fields = ", ".join(sorted(rows[0])) if rows else "none, the file is empty"
        raise DatasetError(
            f"{path}: {benchmark}: no field with a problem's text ({', '.join(_TEXTS)}) or "
            f"solution ({', '.join(_CODES)}) in it; its fields are: {fields}"
        )
    return items


def make_item(row: Mapping[str, Any], benchmark: str, number: int, language: str = "") -> Item:
    """Make an item of one row of any benchmark's file."""
    row = {**_metadata(row), **row}
    task_id = next(_strings(row, _IDS), str(number))
    language = language or _language(row, task_id)
    texts = list(dict.fromkeys(_strings(row, _TEXTS)))
    solutions = tuple(dict.fromkeys(_strings(row, _CODES)))[:_MOST_SOLUTIONS]
    name = next(_strings(row, _NAMES), "")
    codes = [*_strings(row, _SIGNATURES), *texts, *solutions]
    return Item(
        benchmark=benchmark,
        task_id=task_id,
        language=language,
        entry_point=name or _guess_name(task_id, codes, " ".join(_strings(row, _TESTS))),
        texts=tuple(dict.fromkeys(filter(None, map(_described, texts)))),
        solutions=solutions,
    )


def _metadata(row: Mapping[str, Any]) -> Mapping[str, Any]:
    value = row.get("metadata")
    value = _parsed(value) if isinstance(value, str) else value
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(row: Mapping[str, Any], fields: Iterable[str]) -> Iterator[str]:
    """Yield the texts in some fields, also those in lists and in JSON inside a string (APPS)."""
    for field in fields:
        value = row.get(field)
        if isinstance(value, str) and value.startswith("["):
            value = _parsed(value) or value
        for one in cast("Sequence[object]", value) if isinstance(value, list) else [value]:
            if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip():
                yield str(one)[:_LONGEST]


def _language(row: Mapping[str, Any], task_id: str) -> str:
    """Return the language that a row says; Python where it says none."""
    stated = next(_strings(row, _LANGUAGES), "").strip().lower()
    # HumanEval-X says it in the task's id alone: CPP/3, Java/3, JavaScript/3.
    prefix = task_id.partition("/")[0].lower()
    return stated or (prefix if prefix in _ID_LANGUAGES else "python")


def _described(text: str) -> str:
    """Return a text's words: its comments and documentation, where it is code."""
    found = documentation(text)
    # MBPP+ has its prompts in triple quotes and nothing else; words may speak of code.
    is_code = bool(DEFINED.search(text)) or 2 * len(words(found)) > len(words(text))
    return found.strip() if found.strip() and is_code else text


def _guess_name(task_id: str, codes: Sequence[str], tests: str) -> str:
    """Return the function's name that is asked for: what the tests call, else what is defined."""
    if named := _NAMED_TASK.fullmatch(task_id):
        return named[1]
    defined = [name for code in codes for name in DEFINED.findall(code)]
    return next(
        (name for name in defined if re.search(rf"\b{name}\b", tests)), (defined or [""])[-1]
    )
