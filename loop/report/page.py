"""The report as one HTML page that needs nothing else: no network, no script, no font.

As static as the report of seeds, whose style sheet and figures it uses, and behind the same
Content-Security-Policy: one style sheet, by its digest, and nothing more. Every text goes through
`line` or `excerpt` (nothing acts, nothing hides) and through the template's escaping.
"""

from functools import partial
from importlib import resources

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from veristone.generators.seeds.report.page import breakable, policy
from veristone.loop.report.facts import Facts
from veristone.loop.report.views import blocks, words
from veristone.loop.report.views.whole import sections
from veristone.text import excerpt, line

__all__ = ["render_page"]

_OURS, _SEEDS = "veristone.loop.report", "veristone.generators.seeds.report"
_LINES, _WIDTH = 80, 300
_LISTED = 2_000
_KINDS = {
    blocks.Figures: "figures",
    blocks.Table: "table",
    blocks.Readings: "readings",
    blocks.Listing: "listing",
}


def render_page(facts: Facts) -> str:
    """Return the report as a whole HTML document."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(_OURS), PrefixLoader({"seeds": PackageLoader(_SEEDS)})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = _style_sheet(_SEEDS, "page.css") + _style_sheet(_OURS, "report.css")
    return environment.get_template("report.html.j2").render(
        facts=facts,
        words=words,
        sections=sections(facts),
        kind=_kind,
        line=line,
        breakable=breakable,
        longest=_longest,
        shown=partial(excerpt, lines=_LINES, width=_WIDTH),
        listed=partial(excerpt, lines=_LISTED, width=2 * _WIDTH),
        style=Markup(style),
        policy=policy(style),
    )


def _longest(text: str) -> int:
    """Return the length of the longest word: a table cannot be narrower."""
    return max(map(len, text.split()), default=0)


def _kind(block: blocks.Block) -> str:
    return _KINDS[type(block)]


def _style_sheet(package: str, name: str) -> str:
    return resources.files(package).joinpath("templates", name).read_text(encoding="utf-8")
