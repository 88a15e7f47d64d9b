"""The funnel as one HTML page that needs nothing else: no network, no script, no font.

The page is static: its switches are radio buttons and a style sheet. Its Content-Security-Policy
allows that one style sheet, by its digest, and nothing more; so even markup that came through the
escaping could not load, run or send anything. Equal funnels give equal pages.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from itertools import groupby
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report import figures, sections, words
from veristone.generators.seeds.report.examples import Cut, Rejects, kept, rejected
from veristone.generators.seeds.report.flow import Language, Stage, also_seen, languages, stages
from veristone.text import line

__all__ = ["breakable", "policy", "render_page"]

_PACKAGE = "veristone.generators.seeds.report"
_CUT = Cut(examples=5, lines=60, width=300)
_LANGUAGES = 15
"""Rows of the table of languages and steps."""


class _Step(NamedTuple):
    """A step or source with examples of what it rejected."""

    unit: str
    """`seed` for a step, `document` for a source."""
    name: str
    rejects: list[Rejects]


def render_page(funnel: Funnel) -> str:
    """Return the report as a whole HTML document. Sections with nothing to say are left out."""
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = resources.files(_PACKAGE).joinpath("templates", "page.css").read_text(encoding="utf-8")
    found = stages(funnel)
    return environment.get_template("page.html.j2").render(
        figures=figures,
        words=words,
        line=line,
        breakable=breakable,
        also_seen=also_seen,
        funnel=funnel,
        style=Markup(style),
        policy=policy(style),
        stages=found,
        all=found[0].kept,
        plots={
            "funnel": sections.funnel_plot(funnel),
            "rejections": sections.rejections_plot(funnel),
            "documents": sections.documents_plot(funnel),
            "languages": sections.languages_plot(funnel),
            "licences": sections.licences_plot(funnel),
            "lines": sections.lines_plot(funnel),
            "rate": sections.rate_plot(funnel),
            "time": sections.time_plot(funnel),
        },
        matrix=_matrix(funnel, found),
        kept=kept(funnel, _CUT),
        rejected=_by_step(rejected(funnel, _CUT)),
    )


def policy(style: str) -> str:
    """Return the Content-Security-Policy (CSP level 3): this style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _matrix(funnel: Funnel, found: Sequence[Stage]) -> list[Language]:
    """Return the rows of the table of languages and steps, none where it would say nothing."""
    rows = languages(funnel)
    steps = any(stage.step for stage in found)
    return rows[:_LANGUAGES] if steps and len(rows) > 1 else []


def _by_step(rejects: Sequence[Rejects]) -> list[_Step]:
    grouped = groupby(rejects, lambda one: (one.unit, one.step))
    return [_Step(unit, name, list(some)) for (unit, name), some in grouped]


def breakable(name: str) -> Markup:
    """Return an escaped name that may be broken after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))
