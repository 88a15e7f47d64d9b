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
from veristone.generators.selection.funnel import Funnel

__all__ = ["CardFacts", "render_card"]

_TEMPLATE = Path(__file__).with_name("card.md.jinja")
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "n>10M")
_LONGEST_RECIPE = 20_000
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card is made of."""

    name: str
    funnel: Funnel
    rows: Mapping[str, Mapping[str, int]]
    """By configuration and split; what has no rows is left out."""
    patterns: Mapping[str, Mapping[str, str]]
    """Files by configuration and split, as patterns from the dataset's folder."""
    template: str
    """A prompt, with `{instruction}` where the instruction stands."""
    template_name: str
    columns: Mapping[str, list[str]]
    """Names of the columns by configuration."""


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
        columns=facts.columns,
        template=facts.template,
        template_name=facts.template_name,
        models=", ".join(f"`{_plain(name)}`" for name in funnel.models) or "unknown",
        verifiers=_plain(", ".join(funnel.verifiers)) or "unknown",
        version=__version__,
        tables=[
            ("licence", _most(funnel.licences)),
            ("language", _most(funnel.languages)),
            ("category", _most(funnel.categories)),
            ("difficulty", _most(funnel.difficulties)),
        ],
        benchmarks=", ".join(_plain(str(one.get("name", ""))) for one in benchmarks),
        recipes=[(title, _json(settings)) for title, settings in recipes if settings],
        plain=_plain,
        fenced=_fenced,
    )
    return f"{str(card).rstrip()}\n"


def _front_matter(facts: CardFacts) -> DatasetCardData:
    total = sum(facts.rows.get("default", {}).values())
    return DatasetCardData(
        license="other",
        task_categories=["text-generation"],
        size_categories=[_SIZES[min(max(len(str(total)) - 3, 0), len(_SIZES) - 1)]],
        license_name="licences-of-the-seeds",
        tags=["code", "synthetic"],
        configs=[
            {
                "config_name": config,
                **({"default": True} if config == "default" else {}),
                "data_files": [{"split": s, "path": path} for s, path in splits.items()],
            }
            for config, splits in facts.patterns.items()
        ],
    )


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ordered[_MOST_ROWS:]
    others = [(f"{len(rest)} others", sum(count for _, count in rest))] if rest else []
    return ordered[:_MOST_ROWS] + others


def _json(settings: Mapping[str, object]) -> str:
    text = json.dumps(_without_paths(settings), indent=1, ensure_ascii=False)
    return text if len(text) <= _LONGEST_RECIPE else text[:_LONGEST_RECIPE] + "\n[...]"


def _fenced(text: str, language: str = "") -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _without_paths(value: Any) -> Any:
    """Return settings with every absolute path cut down to its last part."""
    if isinstance(value, Mapping):
        return {k: _without_paths(one) for k, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_without_paths(one) for one in cast("list[Any]", value)]
    if isinstance(value, str) and value.startswith("/") and "\n" not in value:
        return value.rstrip("/").rpartition("/")[2]
    return value


def _plain(text: str) -> str:
    """Return text that is no markup: what others named must not change the card."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))[:200]
