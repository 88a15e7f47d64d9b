"""Single answers with a label, for KTO: good ones passed every gate, bad ones failed."""

from veristone.generators.selection.products.material import Material, Products, Shaped
from veristone.generators.selection.rows import Unpaired

__all__ = ["unpaired"]


def unpaired(material: Material, settings: Products) -> list[Unpaired]:
    """Return at most `settings.kto` rows of each label."""
    good = material.passes[: settings.kto]
    bad = material.failures[: settings.kto]
    return [
        *(_row(material, one, True) for one in good),
        *(_row(material, one, False) for one in bad),
    ]


def _row(material: Material, one: Shaped, label: bool) -> Unpaired:
    verdict = one.record.verdict
    return Unpaired(
        id=one.record.id,
        group=material.group,
        prompt=material.prompt,
        completion=one.text,
        label=label,
        reason=str(verdict.reason) if verdict is not None else "",
        language=one.record.language,
    )
