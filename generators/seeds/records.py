"""What flows through seed collection: documents in, seeds and rejections out.

These are wire types: they cross files and processes, and unknown fields are tolerated on read. A
seed's provenance stays with it to the very end, into every training row that it inspired.
"""

import hashlib

import msgspec

__all__ = ["Document", "Provenance", "Rejection", "Seed", "seed_id"]


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a document or a seed comes from. What a source does not know is empty."""

    source: str
    """Name of the source in the recipe."""
    repository: str = ""
    path: str = ""
    """Of the file, inside its repository, archive or directory."""
    commit: str = ""
    licences: tuple[str, ...] = ()
    """SPDX identifiers where the corpus gives them, else its own words."""
    start_line: int = 0
    """First line of the seed in its document, counted from 1; 0 for a whole document."""
    end_line: int = 0
    """Last line of the seed, included."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One source file."""

    content: str
    language: str
    """Lower-case name as in `languages.LANGUAGES`: `python`, `cpp`, `csharp`."""
    provenance: Provenance


class Seed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A piece of code that inspires instructions."""

    id: str
    """See `seed_id`. Equal code has an equal id, wherever it was found."""
    code: str
    """As it stands in its document, decorators and doc comment included, dedented."""
    language: str
    shape: str = "function"
    """`function`, `method` or `snippet`."""
    name: str = ""
    docstring: str = ""
    """The documentation's text without its delimiters; empty for snippets."""
    imports: tuple[str, ...] = ()
    """Import lines that the code needs and that were found by the imports step, sorted."""
    tests: str = ""
    """Python test code that calls the function, if some came with it."""
    provenance: Provenance

    @property
    def text(self) -> str:
        """The inferred imports and the code: what is type-checked, run and shown to a model."""
        if not self.imports:
            return self.code
        return "\n".join(self.imports) + "\n\n" + self.code


class Rejection(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why a document or a seed went no further."""

    step: str
    """Name of the step that rejected it; `read` or `extract` before the first step."""
    reason: str
    """A short fixed word for counting: `too_long`, `undefined_name`."""
    detail: str = ""
    """What exactly was found, for a person: `np, defaultdict`. At most a line."""
    seed: Seed | None = None
    """None where a whole document was rejected."""
    provenance: Provenance


def seed_id(language: str, code: str) -> str:
    """Return the identity of a piece of code: 24 hexadecimal digits of its SHA-256.

    96 bits: among the 22 million functions of The Stack two different ones share an id with a
    probability of about 3e-15.
    """
    data = f"{language}\0{code}".encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()[:24]
