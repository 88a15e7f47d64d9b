"""Rows to documents: what the columns of a corpus are called, and what a row has in them.

Known layouts are found by their columns: The Stack v1 (`content`, `lang`, `max_stars_repo_*`),
starcoderdata (the same without language and licences), The Stack v2 with its contents (`repo_name`,
`path`, `language`, `detected_licenses`), github-code (`code`, `license`). Anything else is named in
the recipe.

starcoderdata's texts begin, about every second one, with the header that StarCoder was trained on
(`<reponame>a/b<filename>c.py<gh_stars>10-100`). It is no part of the file: it is taken off, and is
provenance where the columns say less. Magicoder left it in, and it leaked into its seeds.
"""

import re
from collections.abc import Collection, Mapping
from typing import cast

from pydantic import BaseModel, ConfigDict, field_validator

from veristone import ConfigError
from veristone.generators.seeds.languages import LANGUAGES, language_named, language_of_path
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Refusal
from veristone.generators.seeds.sources.licences import all_normalised
from veristone.generators.seeds.sources.settings import Source
from veristone.generators.seeds.sources.text import one_line, printable

__all__ = ["Columns", "RowSettings", "without_header"]

_KNOWN: dict[str, tuple[str, ...]] = {
    "content": ("content", "code", "text"),
    "language": ("lang", "language", "programming_language"),
    "repository": ("max_stars_repo_name", "repo_name", "repository", "repo"),
    "path": ("max_stars_repo_path", "path", "file_path", "repo_path"),
    "commit": ("max_stars_repo_head_hexsha", "revision_id", "commit"),
    "licences": (
        *("max_stars_repo_licenses", "detected_licenses", "licenses", "license"),
        *("licences", "licence"),
    ),
}
_MOST_CHARS = 1024
_MOST_LICENCES = 100
_HEADER = re.compile(
    r"(?=<(?:reponame|filename|gh_stars)>)(?:<reponame>([^<\r\n]*))?(?:<filename>([^<\r\n]*))?"
    r"(?:<gh_stars>[^<\r\n]*)?(?:\r?\n)?"
)


class Columns(BaseModel):
    """Names of columns. None: the first that is there of those that known corpora have; empty: the
    field has no column, whatever there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content: str | None = None
    language: str | None = None
    repository: str | None = None
    path: str | None = None
    commit: str | None = None
    licences: str | None = None

    def chosen(self, available: Collection[str]) -> dict[str, list[str]]:
        """Return the columns of each field, the first that has a value counts.

        Raises:
            ConfigError: a column that the recipe names is not there, or none has the content.
        """
        found: dict[str, list[str]] = {}
        for field, known in _KNOWN.items():
            named = cast(str | None, getattr(self, field))
            found[field] = [name for name in _candidates(named, known) if name in available]
            if named and not found[field]:
                raise ConfigError(f"no column {named!r} for {field}; {_some(available)}")
        if not found["content"]:
            raise ConfigError(
                f"no column with the content: name it in columns.content; {_some(available)}"
            )
        return found

    def picked(self, row: Mapping[str, object]) -> dict[str, object]:
        """Return what a row has for each field; rows of JSON need not all be alike."""
        found: dict[str, object] = {}
        for field, known in _KNOWN.items():
            names = _candidates(cast(str | None, getattr(self, field)), known)
            values = (row[name] for name in names if row.get(name) is not None)
            found[field] = next(values, None)
        return found


class RowSettings(Source, frozen=True):
    """Settings of sources that are made of rows."""

    columns: Columns = Columns()
    language: str = ""
    """Of rows that do not say theirs, neither in a column nor by a path with a known suffix."""

    @field_validator("language")
    @classmethod
    def _our_name(cls, value: str) -> str:
        if value and language_named(value) is None:
            raise ValueError(f"unknown language {value!r}: known are {', '.join(LANGUAGES)}")
        return language_named(value) or ""

    def asked_for(self, available: Collection[str]) -> list[str]:
        """Return the columns to read of a corpus whose rows are all alike, the content's first.

        Raises:
            ConfigError: columns are missing, or nothing could say the rows' licences.
        """
        try:
            columns = self.columns.chosen(available)
        except ConfigError as error:
            raise ConfigError(f"source {self.name}: {error}") from None
        if self.licences.wants_licences and not (columns["licences"] or self.licence):
            raise ConfigError(
                f"source {self.name}: no column has licences: name it in columns.licences, state "
                'one for all (licence = "MIT"), or take the corpus at its word '
                '(licences = {unknown = "allow"})'
            )
        return [name for names in columns.values() for name in names]

    def document(self, row: Mapping[str, object]) -> Document | Rejection:
        """Return the document of a row; columns may be missing."""
        row = self.columns.picked(row)
        content = row["content"]
        header = {"repository": "", "path": ""}
        if isinstance(content, str):
            content, header = without_header(content)
        path = _word(row["path"]) or _word(header["path"])
        provenance = Provenance(
            source=self.name,
            repository=_word(row["repository"]) or _word(header["repository"]),
            path=path,
            commit=_word(row["commit"]),
            licences=all_normalised(_words(row["licences"])) or self.stated_licences(),
        )
        word = _word(row["language"])
        language = language_named(word) if word else language_of_path(path) or self.language
        if word and language is None:
            return self.rejection(provenance, Refusal("language", word))
        return self.admit(provenance, language or None, lambda: _content(content))


def without_header(text: str) -> tuple[str, dict[str, str]]:
    """Return a text without starcoderdata's header, and the `repository` and `path` that it says;
    empty where it does not."""
    match = _HEADER.match(text)
    if match is None:
        return text, {"repository": "", "path": ""}
    return text[match.end() :], {"repository": match[1] or "", "path": match[2] or ""}


def _candidates(named: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    return known if named is None else (named,)


def _content(value: object) -> Content:
    if value is None:
        return Refusal("missing", "no content")
    if isinstance(value, str | bytes):
        return value
    return Refusal("malformed", f"the content is a {type(value).__name__}")


def _word(value: object) -> str:
    return printable(value[:_MOST_CHARS]) if isinstance(value, str) else ""


def _words(value: object) -> list[str]:
    """Return the names in a column of licences: a list, or one in words."""
    values = cast(list[object], value) if isinstance(value, list) else [value]
    return [word for word in map(_word, values[:_MOST_LICENCES]) if word]


def _some(names: Collection[str]) -> str:
    return "there are " + (one_line(", ".join(names), 300) or "none")
