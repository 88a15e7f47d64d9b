"""A report as one HTML page that needs nothing else: no network, no script, no font.

The page is static: its switches are radio buttons and a style sheet. Its Content-Security-Policy
allows that one style sheet, by its digest, and nothing more; so even markup that came through the
escaping could not load, run or send anything. Every text goes through `line` or `excerpt` (nothing
acts, nothing hides) and through the templates' escaping. Equal reports give equal pages.
"""

import base64
import hashlib
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from veristone.extras import need_modules
from veristone.generators.pages import drawing, numbers
from veristone.generators.pages.sections import Report
from veristone.text import excerpt, line

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["render_page"]

_PACKAGE = "veristone.generators.pages"
_LINES, _WIDTH = 80, 300
_LISTED = 2_000


def render_page(report: Report) -> str:
    """Return the report as a whole HTML document.

    Raises:
        ConfigError: jinja2 is not installed.
    """
    need_modules("jinja2", extra="report")
    from markupsafe import Markup

    style = resources.files(_PACKAGE).joinpath("templates/page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    return template.render(report=report, style=Markup(style), digest=digest)


@cache
def _environment() -> "Environment":
    """Return the templates' surroundings; compiled once in a process."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["exact"] = drawing.exact
    functions: dict[str, Any] = {
        "fitted": drawing.fitted,
        "compact": numbers.compact,
        "significant": numbers.significant,
        "line": line,
        "breakable": _breakable,
        "longest": _longest,
        "shown": partial(excerpt, lines=_LINES, width=_WIDTH),
        "listed": partial(excerpt, lines=_LISTED, width=2 * _WIDTH),
    }
    environment.globals.update(functions)
    return environment


def _breakable(name: str) -> "Markup":
    """Return an escaped name that may be broken after an underscore."""
    from markupsafe import Markup

    return Markup("_<wbr>").join(name.split("_"))


def _longest(text: str) -> int:
    """Return the length of the longest word: a table cannot be narrower."""
    return max(map(len, text.split()), default=0)
