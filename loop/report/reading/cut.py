"""Records as something to read: cut, but otherwise as they are."""

from veristone.generators.synthesis.records import Record, Refusal
from veristone.loop.report.facts import Piece, Sample

__all__ = ["sample_of", "sample_of_refusal", "words"]

_MOST = 8_000
"""Characters kept of a text: the page shows fewer lines than that."""


def sample_of(record: Record, label: str) -> Sample:
    """Return a judged response as a sample."""
    verdict = record.verdict
    said = " ".join(verdict.message.split())[:500] if verdict is not None else ""
    return Sample(id=record.id[:500], label=label, said=said, pieces=_pieces(record))


def sample_of_refusal(refusal: Refusal, label: str) -> Sample:
    """Return a refused answer as a sample: what it was asked about, and the model's own text."""
    pieces = _pieces(refusal.record)
    if refusal.text:
        pieces = [one for one in pieces if one.text.strip() != refusal.text[:_MOST].strip()]
        pieces.append(Piece(name="the model's text", text=refusal.text[:_MOST]))
    said = " ".join(refusal.detail.split())[:500]
    return Sample(id=refusal.record.id[:500], label=label, said=said, pieces=pieces)


def words(text: str) -> int:
    """Return the number of words: what white space separates."""
    return len(text.split())


def _pieces(record: Record) -> list[Piece]:
    seed = record.seed.code if record.seed is not None else ""
    found = [
        Piece(name="seed", text=seed[:_MOST], language=record.language if seed else ""),
        Piece(name="concepts", text=", ".join(record.concepts)[:_MOST]),
        Piece(name="instruction", text=record.instruction[:_MOST]),
        Piece(name="response", text=record.response[:_MOST]),
        Piece(name="tests", text=record.tests[:_MOST], language=record.language),
    ]
    return [one for one in found if one.text.strip()]
