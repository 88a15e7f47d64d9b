"""What `fuzzy` and `translated` share: one weighing of a sample, told apart by language."""

from collections.abc import Sequence

from veristone.generators.seeds.contamination.entries import Entry
from veristone.generators.seeds.contamination.evidence import Evidence, Weigher
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.matchers.base import Match

__all__ = ["Weighed"]

_SHORT = (
    "py python js javascript ts typescript rs rust rb ruby cs csharp jl julia pl perl rkt racket"
    " sh shell bash shell go_test.go go kt kotlin hs haskell c++ cpp"
)
_ALIASES: dict[str, str] = dict(zip(_SHORT.split()[::2], _SHORT.split()[1::2], strict=True))


class Weighed:
    """Weighs each sample once, for two matchers."""

    def __init__(self, entries: Sequence[Entry], least_nats: float) -> None:
        self._entries = entries
        self._least = round(100 * least_nats)
        self._weigher = Weigher(entries)
        self._last: tuple[Features | None, list[Evidence]] = (None, [])

    def find(self, features: Features, matcher: str, *, same_language: bool) -> Match | None:
        """Return the item with the most evidence among those of the same or another language."""
        if self._last[0] is not features:
            self._last = (features, self._weigher.weigh(features, self._least))
        language = _ALIASES.get(features.language, features.language)
        for evidence in self._last[1]:
            entry = self._entries[evidence.entry]
            if (_ALIASES.get(entry.language, entry.language) == language) == same_language:
                return Match(matcher, entry.benchmark, entry.label, _explain(evidence, entry))
        return None


def _explain(evidence: Evidence, entry: Entry) -> str:
    """Say what the evidence is, the strongest first."""
    parts = [
        (evidence.name, f"its name {'_'.join(entry.name)}"),
        (evidence.description, f"{evidence.described}% of its description's meaning"),
        (evidence.structure, f"{max(evidence.aligned, 0)}% of its structure"),
        (evidence.examples, "its examples"),
    ]
    said = [text for score, text in sorted(parts, key=lambda p: -p[0]) if score > 0]
    return f"{', '.join(said)} ({evidence.total / 100:.1f} nats)"
