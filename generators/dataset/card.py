"""The dataset card: README.md with the front matter that hubs and `datasets` read.

Everything in it is counted, from the funnel or from what was written. Absolute paths in recipes are
shortened to their last part: a card is for other people.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from veristone import __version__
from veristone.generators.selection.funnel import Funnel

__all__ = ["CardFacts", "render_card"]

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LONGEST_RECIPE = 20_000
_LIMITS = """
- A row passed tests that the same model wrote. That is evidence, not proof: where test and solution
  share a misunderstanding, both agree. `tests_passed`, `asserts`, `strength` and `agreement` say
  how much was asked of a row.
- {contamination}
- The code runs in a sandbox without a network; what needs one, or files or packages that are not
  there, is not among the rows.
- Licences are those of the seeds that inspired instructions, as their sources stated them. Whether
  they reach what a model wrote is for lawyers.
"""


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
    template_name: str = ""
    columns: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Names of the columns by configuration."""


def render_card(facts: CardFacts) -> str:
    """Return the text of README.md."""
    funnel = facts.funnel
    parts = [
        _front_matter(facts),
        f"# {_plain(facts.name)}",
        _summary(facts),
        "## Rows",
        _rows(facts),
        "## How it was made",
        _making(facts),
        "## Funnel",
        _funnel(funnel),
        "## Licences of the seeds",
        _counts("licence", funnel.licences),
        "## Contents",
        _counts("language", funnel.languages),
        _counts("category", funnel.categories),
        _counts("difficulty", funnel.difficulties),
        "## Limits",
        _LIMITS.format(contamination=_contamination(funnel)).strip(),
        "## Recipes",
        _recipe("Selection", funnel.settings),
        *([_recipe("Synthesis", funnel.synthesis)] if funnel.synthesis else []),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(facts: CardFacts) -> str:
    total = sum(facts.rows.get("default", {}).values())
    size = next((name for most, name in _SIZES if total < most), "n>10M")
    lines = [
        "---",
        "license: other",
        "license_name: licences-of-the-seeds",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- code",
        "- synthetic",
        "size_categories:",
        f"- {size}",
        "configs:",
    ]
    for config, splits in facts.patterns.items():
        lines.append(f"- config_name: {config}")
        if config == "default":
            lines.append("  default: true")
        lines.append("  data_files:")
        for split, pattern in splits.items():
            lines += [f"  - split: {split}", f"    path: {json.dumps(pattern)}"]
    return "\n".join([*lines, "---"])


def _summary(facts: CardFacts) -> str:
    funnel = facts.funnel
    models = ", ".join(f"`{_plain(name)}`" for name in funnel.models) or "unknown"
    return (
        "Instructions and answers with code, each answer run against tests in a sandbox before it"
        f" was taken. Written by {models}; verified by Veristone"
        f" {_plain(', '.join(funnel.verifiers)) or 'unknown'}; selected by the recipe"
        f" `{_plain(funnel.recipe)}`; this card and its files were written by Veristone"
        f" {__version__}."
    )


def _rows(facts: CardFacts) -> str:
    table = ["| configuration | split | rows | columns |", "| --- | --- | ---: | --- |"]
    for config, splits in facts.rows.items():
        columns = ", ".join(f"`{name}`" for name in facts.columns.get(config, []))
        for split, count in splits.items():
            table.append(f"| {config} | {split} | {count:,} | {columns} |")
            columns = ""
    return (
        "\n".join(table)
        + "\n\nNear-duplicates of an instruction never stand in two splits (`cluster`)."
    )


def _making(facts: CardFacts) -> str:
    fence = "```"
    while fence in facts.template:
        fence += "`"
    name = f" `{_plain(facts.template_name)}`" if facts.template_name else ""
    return (
        f"Prompts are written in the template{name}:\n\n{fence}\n{facts.template}\n{fence}\n\n"
        "`instruction` and `response` are the same without it."
    )


def _funnel(funnel: Funnel) -> str:
    table = ["| step | given | kept | main reasons |", "| --- | ---: | ---: | --- |"]
    for step in funnel.steps:
        reasons = ", ".join(f"{_plain(n)} {c:,}" for n, c in list(step.reasons.items())[:5])
        table.append(f"| {_plain(step.step)} | {step.given:,} | {step.kept:,} | {reasons} |")
    return (
        f"{funnel.instructions:,} instructions, {funnel.instructions_passed:,} of them with a"
        " response that passes. Responses, step by step:\n\n" + "\n".join(table)
    )


def _counts(what: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"| {_plain(name)} | {count:,} |" for name, count in ordered[:50]]
    if len(ordered) > 50:
        rest = sum(count for _, count in ordered[50:])
        shown.append(f"| {len(ordered) - 50} others | {rest:,} |")
    return "\n".join([f"| {what} | rows |", "| --- | ---: |", *shown])


def _contamination(funnel: Funnel) -> str:
    table: Any = funnel.settings.get("decontamination")
    found = cast("list[dict[str, Any]]", table.get("benchmarks") or [] if table else [])
    names = ", ".join(_plain(str(one.get("name", ""))) for one in found)
    if not names:
        return "No benchmark was looked for among the rows: do not report results on any."
    return (
        f"Looked for, and removed where found: {names}. Other benchmarks were not looked for, and a"
        " task that was written anew, in other words and with other names, is not found."
    )


def _recipe(title: str, settings: Mapping[str, object]) -> str:
    text = json.dumps(_without_paths(settings), indent=1, ensure_ascii=False)
    if len(text) > _LONGEST_RECIPE:
        text = text[:_LONGEST_RECIPE] + "\n[...]"
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{title}:\n\n{fence}json\n{text}\n{fence}"


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
