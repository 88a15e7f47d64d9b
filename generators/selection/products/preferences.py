"""Preference pairs: a pass against a failure of the same instruction, for DPO.

Both have the same sections and similar lengths, so that what tells them apart is whether the
program is right. Each answer stands in one pair at most, except that passes are used again where
there are fewer of them than failures.
"""

from veristone.generators.selection.products.material import Material, Products, Shaped
from veristone.generators.selection.rows import Preference

__all__ = ["preferences"]


def preferences(material: Material, settings: Products) -> list[Preference]:
    """Return at most `settings.preferences` pairs, the most similar in length first."""
    if not settings.preferences:
        return []
    couples = sorted(
        (
            (_ratio(good, bad), index, good, bad)
            for index, (good, bad) in enumerate(
                (good, bad) for good in material.passes for bad in material.failures
            )
            if good.sections == bad.sections
        ),
        key=lambda couple: couple[:2],
    )
    found: list[Preference] = []
    used: dict[str, int] = {}
    for fewest in range(settings.preferences):
        for ratio, _, good, bad in couples:
            if len(found) == settings.preferences or ratio > settings.max_length_ratio:
                break
            if bad.record.id in used or used.get(good.record.id, 0) > fewest:
                continue
            used[bad.record.id] = 1
            used[good.record.id] = used.get(good.record.id, 0) + 1
            found.append(_pair(material, good, bad))
    return found


def _ratio(good: Shaped, bad: Shaped) -> float:
    lengths = sorted((len(good.text), len(bad.text)))
    return lengths[1] / lengths[0]


def _pair(material: Material, good: Shaped, bad: Shaped) -> Preference:
    verdict = bad.record.verdict
    return Preference(
        id=f"{good.record.id}>{bad.record.id.rpartition('/')[2]}",
        group=material.group,
        prompt=material.prompt,
        chosen=good.text,
        rejected=bad.text,
        reason=str(verdict.reason) if verdict is not None else "",
        language=good.record.language,
    )
