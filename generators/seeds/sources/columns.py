"""Rows to documents: what the columns of a corpus are called, and what a row has in them.

Known layouts are found by their columns: The Stack v1 (`content`, `lang`, `max_stars_repo_*`),
starcoderdata (the same without language and licences), The Stack v2 with its contents (`repo_name`,
`path`, `language`, `detected_licenses`), also with a row for a whole repository and its `files` in
a list, github-code (`code`, `license`). Anything else is named in the recipe.

starcoderdata's texts begin, about every second one, with the header that StarCoder was trained on
(`<reponame>a/b<filename>c.py<gh_stars>10-100`). It is no part of the file: it is taken off, and is
provenance where the columns say less. Magicoder left it in, and it leaked into its seeds.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias, cast

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.languages import KnownLanguage, language_named, language_of_path
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Refusal
from veristone.generators.seeds.sources.licences import all_normalised
from veristone.generators.seeds.sources.settings import Source
from veristone.generators.seeds.sources.text import one_line, printable

__all__ = ["RowSettings", "without_header"]

RowField: TypeAlias = Literal["content", "language", "repository", "path", "commit", "licences"]
_KNOWN: dict[RowField, tuple[str, ...]] = {
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
_FILES = "files"
"""Column of rows that stand for repositories: a list of files, each with columns of its own."""
_BLOBS = "blob_id"
_MOST_CHARS = 1024
_MOST_LICENCES = 100
_HEADER = re.compile(
    r"(?=<(?:reponame|filename|gh_stars)>)(?:<reponame>([^<\r\n]*))?(?:<filename>([^<\r\n]*))?"
    r"(?:<gh_stars>[^<\r\n]*)?(?:\r?\n)?"
)


class RowSettings(Source, frozen=True):
    """Settings of sources that are made of rows."""

    columns: dict[RowField, str] = Field(default_factory=dict[RowField, str])
    """Names of columns, in place of those that known corpora have; empty: the field has no column,
    whatever there is."""
    language: KnownLanguage | Literal[""] = ""
    """Of rows that do not say theirs, neither in a column nor by a path with a known suffix."""

    def _names(self, field: RowField) -> tuple[str, ...]:
        """Return what a field's column may be called; the first that has a value counts."""
        return (self.columns[field],) if field in self.columns else _KNOWN[field]

    def asked_for(self, available: Collection[str]) -> list[str]:
        """Return the columns to read of a corpus with these columns, the content's first.

        Raises:
            ConfigError: a column that the recipe names is not there, or none has the content.
        """
        found: list[str] = []
        there = f"there are {one_line(', '.join(available), 300) or 'none'}"
        for field in _KNOWN:
            columns = [name for name in self._names(field) if name in available]
            if self.columns.get(field) and not columns:
                named = f"no column {self.columns[field]!r} for {field}"
                raise ConfigError(f"source {self.name}: {named}; {there}")
            if field == "content" and not columns:
                columns = self._instead_of_content(available, there)
            found += columns
        return found

    def _instead_of_content(self, available: Collection[str], there: str) -> list[str]:
        """Return the column that holds the contents further in.

        Raises:
            ConfigError: none does.
        """
        if _FILES in available:
            return [_FILES]
        if _BLOBS in available:
            raise ConfigError(
                f"source {self.name}: this corpus names its files by {_BLOBS} and does not have"
                " their contents: fetch them from Software Heritage, as its page on the hub says,"
                " into a column `content`"
            )
        raise ConfigError(
            f"source {self.name}: no column with the content: name it in columns.content; {there}"
        )

    def expect_licences(self, columns: Collection[str]) -> None:
        """Check that something could say the licences of rows with these columns.

        Raises:
            ConfigError: nothing could.
        """
        said = self.licence or not set(self._names("licences")).isdisjoint(columns)
        said = said or _FILES in columns
        if self.licences.wants_licences and not said:
            raise ConfigError(
                f"source {self.name}: no column has licences: name it in columns.licences, state "
                'one for all (licence = "MIT"), or take the corpus at its word '
                '(licences = {unknown = "allow"})'
            )

    def documents(self, row: Mapping[str, object]) -> Iterator[Document | Rejection]:
        """Yield the document of a row, or of each of its files; columns may be missing."""
        files = row.get(_FILES)
        if not isinstance(files, list) or any(name in row for name in self._names("content")):
            yield self._document(row)
            return
        for file in cast(list[object], files):
            own = cast(Mapping[str, object], file) if isinstance(file, Mapping) else {}
            yield self._document({**row, **own})

    def _document(self, row: Mapping[str, object]) -> Document | Rejection:

        def value(field: RowField) -> object:
            values = (row[name] for name in self._names(field) if row.get(name) is not None)
            return next(values, None)

        content, header = value("content"), _Header()
        if isinstance(content, str):
            content, header = without_header(content)
        path = _word(value("path")) or _word(header.path)
        provenance = Provenance(
            source=self.name,
            repository=_word(value("repository")) or _word(header.repository),
            path=path,
            commit=_word(value("commit")),
            licences=all_normalised(_words(value("licences"))) or self.stated_licences(),
        )
        word = _word(value("language"))
        language = language_named(word) if word else language_of_path(path) or self.language
        if word and language is None:
            return self.rejection(provenance, Refusal("language", word))
        return self.admit(provenance, language or None, lambda: _content(content))


class _Header(NamedTuple):
    """What starcoderdata's header says of a file; empty where it does not."""

    repository: str = ""
    path: str = ""


def without_header(text: str) -> tuple[str, _Header]:
    """Return a text without starcoderdata's header, and what that says."""
    match = _HEADER.match(text)
    if match is None:
        return text, _Header()
    return text[match.end() :], _Header(match[1] or "", match[2] or "")


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
