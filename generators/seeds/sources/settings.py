"""What every source is and can be told, and the door that every document passes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Self, cast

from pydantic import BaseModel, Field, field_validator, model_validator

from veristone.generators.seeds.languages import KnownLanguage
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Part, Reason, Refusal
from veristone.generators.seeds.sources.licences import (
    LicencePolicy,
    LicenceSetting,
    all_normalised,
)
from veristone.generators.seeds.sources.text import decoded, one_line, settled_text

__all__ = ["Source"]


class Source(BaseModel, ABC, frozen=True, extra="forbid"):
    """Where documents come from. Subclasses add `kind` and where to read.

    Built in every worker from the recipe, so cheap to build.
    """

    name: str = ""
    """In provenance and reports; the last part of the path if empty."""
    languages: Annotated[tuple[KnownLanguage, ...], Field(min_length=1)] | None = None
    """Only documents in these; None for all that have a name in `generators.seeds.languages`."""
    licences: LicenceSetting = LicencePolicy()
    """Which licences a document may have."""
    licence: str = ""
    """What the documents are under, where nothing nearer to them says it: `MIT OR Apache-2.0`."""
    max_bytes: int = Field(default=1 << 20, ge=1)
    """Largest document, as it is stored and as UTF-8; few files of The Stack are above 1 MiB."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first so many documents, counted before any is rejected. For trying things out:
    most sources are then read as a single part."""
    part_mib: int = Field(default=16, ge=1)
    """How much makes a part, as it is stored (of parquet: content, uncompressed). Compressed files
    and row groups are never divided."""

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """Yield the parts, in an order that depends on the source's content alone.

        Raises:
            ConfigError: there is no such file, or it has not the columns it should.
        """

    @abstractmethod
    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield what is in a part, whatever the limit."""

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the documents of a part in their order, one at a time: never the whole part.

        What cannot be read (undecodable text, a file that went away, a broken stream, a row
        without content), is too large or has a licence that is not allowed comes as a rejection
        of step `read`; it does not end the part.
        """
        return islice(self.items(part), self.limit)

    @field_validator("licence")
    @classmethod
    def _is_a_fact(cls, value: str) -> str:
        if value in ("permissive", "any"):
            raise ValueError("`licence` says what documents are under; `licences` what is allowed")
        return value

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        settings = dict(cast(Mapping[str, Any], data))
        place = settings.get("path")
        if not settings.get("name") and isinstance(place, str):
            parts = [part for part in place.split("/") if part and set("*?[").isdisjoint(part)]
            settings["name"] = parts[-1] if parts else settings.get("kind", "")
        return settings

    @model_validator(mode="after")
    def _has_name(self) -> Self:
        if not self.name:
            raise ValueError("the source needs a name")
        return self

    def wants(self, language: str) -> bool:
        """Whether documents of this language are asked for."""
        return self.languages is None or language in self.languages

    def stated_licences(self) -> tuple[str, ...]:
        """Return the licence that the recipe states, normalised."""
        return all_normalised((self.licence,))

    def admit(
        self, provenance: Provenance, language: str | None, load: Callable[[], Content]
    ) -> Document | Rejection:
        """Return the document if everything about it is as it should be.

        `load` is called only if the licence and the language are.
        """
        refusal = self.licences.refusal(provenance.licences)
        if refusal is not None:
            return self.rejection(provenance, refusal)
        if language == "typescript" and provenance.path.lower().endswith(".tsx"):
            language = "tsx"  # corpora call both TypeScript, and their grammars differ
        if language is None or not self.wants(language):
            return self.rejection(provenance, Refusal("language", language or "none is known"))
        text = self._text(load())
        if isinstance(text, Refusal):
            return self.rejection(provenance, text)
        return Document(content=text, language=language, provenance=provenance)

    def _text(self, content: Content) -> str | Refusal:
        if isinstance(content, Refusal):
            return content
        if len(content) > self.max_bytes:
            return self.too_large(len(content))
        text = decoded(content) if isinstance(content, bytes) else settled_text(content)
        if isinstance(text, str) and (size := len(text.encode())) > self.max_bytes:
            return self.too_large(size)
        return text

    def too_large(self, size: int) -> Refusal:
        """Return the refusal of a document of this many bytes (or characters)."""
        return Refusal("too_large", f"{size} of at most {self.max_bytes} bytes")

    def failed(self, reason: Reason, detail: str) -> Rejection:
        """Return a rejection of what is no document yet: a file, a line."""
        return self.rejection(Provenance(source=self.name), Refusal(reason, detail))

    def rejection(self, provenance: Provenance, refusal: Refusal) -> Rejection:
        """Return a refusal as a rejection of step `read`."""
        return Rejection(
            step="read",
            reason=refusal.reason,
            detail=one_line(refusal.detail),
            provenance=provenance,
        )
