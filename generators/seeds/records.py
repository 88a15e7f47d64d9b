"""What flows through seed collection: documents in, seeds and rejections out.

These are wire types: they cross files and processes, and unknown fields are tolerated on read. A
seed's provenance stays with it to the very end, into every training row that it inspired.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

import msgspec

__all__ = ["Document", "Extraction", "Provenance", "Rejection", "Seed", "seed_id"]


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a document or a seed comes from. What a source does not know is empty."""

    source: str
    """Name of the source in the recipe."""
    repository: str = ""
    path: str = ""
    """Of the file, inside its repository or directory."""
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
    """As it stands in its document, decorators and doc comment included, dedented. The imports step
    leaves out a decorator that nothing is known of, where the function runs without it."""
    language: str
    shape: str = "function"
    """`function`, `method` or `snippet`."""
    name: str = ""
    docstring: str = ""
    """The documentation's text without its delimiters; empty for snippets."""
    imports: tuple[str, ...] = ()
    """Import lines that the code needs and that were found by the imports step, sorted."""
    bindings: dict[str, tuple[str, ...]] = {}
    """Names that Python code may use and that its document binds at the top level, with the import
    lines that may bind each (see `extract.bindings`); the imports step takes them from here."""
    provenance: Provenance

    @property
    def text(self) -> str:
        """The inferred imports and the code: what is type-checked, run and shown to a model."""
        if not self.imports:
            return self.code
        return "\n".join(self.imports) + "\n\n" + self.code


@dataclass(slots=True)
class Extraction:
    """Candidates of one document, in the order in which they stand there."""

    seeds: list[Seed] = field(default_factory=list[Seed])
    counts: Counter[str] = field(default_factory=Counter[str])
    """What was seen besides, so that the funnel can begin at all functions of the corpus.

    Of functions: `functions`, all of the shapes that were looked for, documented or not; of these
    `methods`, `documented` (the candidates) and `broken` (syntax errors inside, no candidate);
    `tests`, functions that only test others, not among `functions`.

    Of snippets: `snippets`.

    Documents that nothing was taken from, by reason. `other_language`; for functions also
    `too_hard` (the parser gave up or died of it); for snippets also `too_short` and `blank` (no
    window that was drawn would do)."""


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
