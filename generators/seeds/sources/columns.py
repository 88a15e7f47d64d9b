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
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pydantic import BaseModel, ConfigDict, field_validator

from veristone import ConfigError
from veristone.generators.seeds.languages import LANGUAGES, language_named, language_of_path
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Refusal
from veristone.generators.seeds.sources.licences import all_normalised
from veristone.generators.seeds.sources.settings import SourceSettings
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
_TAG = re.compile(r"<(reponame|filename|gh_stars)>")
_TAG_END = re.compile(r"(?=<(?:reponame|filename|gh_stars)>)|\r?\n|\Z")


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

    def chosen(self, available: Iterable[str]) -> dict[str, list[str]]:
        """Return the columns of each field, the first that has a value counts.

        Raises:
            ConfigError: a column that the recipe names is not there, or none has the content.
        """
        names = dict.fromkeys(available)
        found: dict[str, list[str]] = {}
        for field, known in _KNOWN.items():
            named = cast(str | None, getattr(self, field))
            if named and named not in names:
                raise ConfigError(f"no column {named!r} for {field}; there are {_some(names)}")
            candidates = known if named is None else (named,)
            found[field] = [name for name in candidates if name in names]
        if not found["content"]:
            raise ConfigError(
                f"no column with the content: name it in columns.content; there are {_some(names)}"
            )
        return found

    def picked(self, row: Mapping[str, object]) -> dict[str, object]:
        """Return what a row has for each field; rows of JSON need not all be alike."""
        found: dict[str, object] = {}
        for field, known in _KNOWN.items():
            named = cast(str | None, getattr(self, field))
            for column in known if named is None else (named,):
                if row.get(column) is not None:
                    found[field] = row[column]
                    break
        return found


class RowSettings(SourceSettings):
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

    def asked_for(self, available: Sequence[str]) -> list[str]:
        """Return the columns to read of a corpus whose rows are all alike.

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
        content = row.get("content")
        header: dict[str, str] = {}
        if isinstance(content, str):
            content, header = without_header(content)
        path = _word(row.get("path")) or _word(header.get("filename"))
        provenance = Provenance(
            source=self.name,
            repository=_word(row.get("repository")) or _word(header.get("reponame")),
            path=path,
            commit=_word(row.get("commit")),
            licences=all_normalised(_words(row.get("licences"))) or self.stated_licences(),
        )
        word = _word(row.get("language"))
        language = language_named(word) if word else language_of_path(path) or self.language
        if word and language is None:
            return self.rejection(provenance, Refusal("language", word))
        return self.admit(provenance, language or None, lambda: _content(content))


def without_header(text: str) -> tuple[str, dict[str, str]]:
    """Return a text without starcoderdata's header, and what the header says by its tags
    (`reponame`, `filename`, `gh_stars`)."""
    values: dict[str, str] = {}
    position = 0
    while tag := _TAG.match(text, position):
        end = _TAG_END.search(text, tag.end())
        if end is None:
            break
        values.setdefault(tag[1], text[tag.end() : end.start()])
        position = end.end()
    return text[position:], values


def _content(value: object) -> Content:
    if value is None:
        return Refusal("missing", "no content")
    if isinstance(value, str | bytes | Refusal):
        return value
    return Refusal("malformed", f"the content is a {type(value).__name__}")


def _word(value: object) -> str:
    return printable(value[:_MOST_CHARS]) if isinstance(value, str) else ""


def _words(value: object) -> list[str]:
    """Return the names in a column of licences: a list, or one in words."""
    values = cast(list[object], value) if isinstance(value, list) else [value]
    return [word for word in map(_word, values[:_MOST_LICENCES]) if word]


def _some(names: Iterable[str]) -> str:
    return one_line(", ".join(names), 300) or "none"
