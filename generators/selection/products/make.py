"""All products of one instruction, decontaminated."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from veristone.generators.selection.decontamination import Inspector
from veristone.generators.selection.products.material import gather
from veristone.generators.selection.products.preferences import preferences
from veristone.generators.selection.products.repairs import repairs
from veristone.generators.selection.products.unpaired import unpaired
from veristone.generators.selection.recipe import Recipe
from veristone.generators.selection.rows import Preference, Repair, Unpaired
from veristone.generators.synthesis.records import Record

__all__ = ["Made", "make_products"]


@dataclass(slots=True)
class Made:
    """Rows by file, and why material was left out."""

    rows: dict[str, list[Preference] | list[Unpaired] | list[Repair]]
    unused: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])


def make_products(
    group: str,
    prompt: str,
    passes: Sequence[Record],
    failures: Sequence[Record],
    doubtful: Collection[str],
    recipe: Recipe,
    inspector: Inspector,
) -> Made:
    """Return the products of an instruction whose rows were selected.

    Args:
        group: id of the instruction.
        prompt: the instruction as the student sees it.
        passes: responses that went through every gate.
        failures: its failures.
        doubtful: ids of those that behave like a pass.
        recipe: of the selection.
        inspector: sees every answer that leaves; the instruction it has seen.
    """
    settings = recipe.products
    if not (settings.preferences or settings.kto or settings.repairs):
        return Made(rows={})
    material = gather(group, prompt, passes, failures, recipe.student, recipe.random_seed, doubtful)
    unused = {"failures": Counter(material.unused)}
    clean: dict[str, bool] = {}

    def is_clean(row: msgspec.Struct, *texts: str) -> bool:
        for text in texts:
            if text not in clean:
                clean[text] = inspector.look(prompt, text, material.language) is None
        if all(clean[text] for text in texts):
            return True
        unused.setdefault(_FILES[type(row)], Counter())["contaminated"] += 1
        return False

    pairs = preferences(material, settings)
    if settings.preferences and material.passes and material.failures and not pairs:
        unused["preferences"] = Counter(unlike=1)
    return Made(
        rows={
            "preferences": [one for one in pairs if is_clean(one, one.chosen, one.rejected)],
            "kto": [one for one in unpaired(material, settings) if is_clean(one, one.completion)],
            "repairs": [
                one
                for one in repairs(material, settings)
                if is_clean(one, one.failing, one.completion)
            ],
        },
        unused=unused,
    )


_FILES: dict[type, str] = {Preference: "preferences", Unpaired: "kto", Repair: "repairs"}
