"""The dataset card: README.md with the front matter that hubs and `datasets` read.

Everything in it is counted, from the funnel or from what was written. Absolute paths in recipes are
shortened to their last part: a card is for other people.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from huggingface_hub import DatasetCard, DatasetCardData

from veristone import __version__
from veristone.generators.dataset.rows import CONFIGS, place
from veristone.generators.selection.funnel import Funnel
from veristone.settings import without_paths

__all__ = ["CardFacts", "render_card"]

_TEMPLATE = Path(__file__).with_name("card.md.jinja")


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card is made of."""

    name: str
    funnel: Funnel
    rows: Mapping[str, Mapping[str, int]]
    """By configuration and split; what has no rows is left out."""
    template: str
    """A prompt, with `{instruction}` where the instruction stands."""
    template_name: str


def render_card(facts: CardFacts) -> str:
    """Return the text of README.md."""
    funnel = facts.funnel
    recipes = [("Selection", funnel.settings), ("Synthesis", funnel.synthesis)]
    table: Any = funnel.settings.get("decontamination")
    benchmarks = cast("list[dict[str, Any]]", table.get("benchmarks") or [] if table else [])
    card = DatasetCard.from_template(
        _front_matter(facts),
        template_path=str(_TEMPLATE),
        name=facts.name,
        funnel=funnel,
        rows=facts.rows,
        columns=CONFIGS,
        template=facts.template,
        template_name=facts.template_name,
        models=", ".join(f"`{_plain(name)}`" for name in funnel.models) or "unknown",
        verifiers=_plain(", ".join(funnel.verifiers)) or "unknown",
        version=__version__,
        tables=[
            ("licence", _most_first(funnel.licences)),
            ("language", _most_first(funnel.languages)),
            ("category", _most_first(funnel.categories)),
            ("difficulty", _most_first(funnel.difficulties)),
        ],
        benchmarks=", ".join(_plain(str(one.get("name", ""))) for one in benchmarks),
        recipes=[(title, _json(settings)) for title, settings in recipes if settings],
        plain=_plain,
        fenced=_fenced,
    )
    return f"{str(card).rstrip()}\n"


def _front_matter(facts: CardFacts) -> DatasetCardData:
    return DatasetCardData(
        license="other",
        task_categories=["text-generation"],
        license_name="licences-of-the-seeds",
        tags=["code", "synthetic"],
        configs=[
            {
                "config_name": config,
                **({"default": True} if config == "default" else {}),
                "data_files": [
                    {"split": split, "path": f"{place(config, split)}-*.parquet"}
                    for split in splits
                ],
            }
            for config, splits in facts.rows.items()
        ],
    )


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _json(settings: Mapping[str, object]) -> str:
    return json.dumps(without_paths(settings), indent=1, ensure_ascii=False)


def _fenced(text: str, language: str = "") -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _plain(text: str) -> str:
    """Return text that is no markup: what others named must not change the card."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))[:200]
