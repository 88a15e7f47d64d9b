"""The text rule: documentation that says something, and, if asked for, in ASCII.

What says nothing: no words at all, only addresses or directives (`:param x:` without a text, as
editors make it), a placeholder (`_summary_`, `TODO: document`), what a generator wrote, that the
function is deprecated (when that comes first, what it does rarely follows), a reference to
documentation that is elsewhere (`See base class.`), and the function's own name again.
"""

import re
from typing import Final, Literal

from pydantic import Field

from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["Text", "prose"]

_PLACEHOLDERS: Final = re.compile(
    r"""(?ix) ^\W*(?:
      _\w*summary_ | \[?summary\]? | (?:_?type_?\W+)?_?description_? | doc\s?strings?
      | (?:function|method)?\s*(?:doc(?:string|umentation)?|description|comment)s?
        (?:\s+(?:goes\s+)?here|\s+for\s+\S+|\s+of\s+\S+)?
      | (?:insert|add|write|put|enter|your|some|a|the|provide|missing|no|empty)\s+
        (?:\w+\s+){0,3}?(?:doc(?:string|umentation|s)?|description|summary|comments?)
        (?:\s+(?:here|for\s+(?:the\s+|this\s+)?\S+|goes\s+here))?
      | (?:un|not\s+)documented(?:\s+(?:function|method))? | place\s?holder | lorem\s+ipsum\b.*
      | (?:to\s*do|tbd|tba|fixme|wip|n/?a|none|null|nothing|test|foo|bar|xxx)
        (?:\s*:?\s*(?:document|docs?|docstring|write|add|fill|describe|implement)\b.*)?
      | (?:see|same\s+as|like|overrides?|implements?|inherited(?:\s+from)?|inherits?(?:\s+from)?
        |refer\s+to|delegates?\s+to)\s+
        (?:the\s+|its\s+)?(?:above|below|super|parent|base|(?:super|base|parent)\s?class\S*
        |abstract\s?\w*|interface|docs?|documentation|[\w.:`~()]+)(?:\s+(?:method|function|class
        |docs?|documentation|implementation|docstring|for\s+details))?
      | @?inherit_?docs?.* | \{?@inherit\s?doc\}?
    )\W*$"""
)
_GENERATED: Final = re.compile(
    r"""(?ix) ^\W*(?:this\s+\w+\s+(?:is|was|has\s+been)\s+)?auto(?:matically)?[\s-]?generated\b
    | ^\W*generated\s+(?:automatically|code|by\s+(?:the\s+)?\w)
    | \bthis\s+(?:function|method|class|file|code|docstring|documentation)\s+
      (?:is|was|has\s+been)\s+(?:auto[\s-]?|automatically\s+)generated\b
    | missing\s+associated\s+documentation\s+comment\s+in\s+\.proto"""
)
_DEPRECATED: Final = re.compile(
    r"""(?ix)^\W*(?:(?:note|warning)\W+)?
    (?:this\s+\w+\s+(?:is|has\s+been)\s+(?:now\s+)?)?deprecated\b"""
)
_NOISE: Final = re.compile(
    r"""(?imx) ^[ \t]*(?:>>>|\.\.\.)[^\n]*$                       # doctests
      | \b[a-z][a-z+.-]{1,9}://\S+ | \bwww\.\S+                # addresses
      | ^[ \t]*:(?:param|type|arg|raises|rtype|returns?|key|keyword|var|ivar|cvar)\b[^:\n]{0,80}:
      | ^[ \t]*[@\\](?:param|type|rtype|returns?|throws|exception|tparam|brief|arg)\b
        (?:[ ]+\{[^}\n]{0,80}\})?
      | ^[ \t]*(?:arg(?:ument)?s|param(?:eter)?s|returns?|raises|yields
        |examples?|notes?|see\ also)\s*:?[ \t]*$
      | ^[ \t]*[-=~^*_\#]{3,}[ \t]*$
      | \b[\w.]{1,60}\([^()\n]{0,60}\)                          # calls
      | \[(?:type|summary|description)\]
      | \b_(?:summary|description|type)_"""
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_FILLERS: Final = frozenset({"function", "method", "func", "def"})


class Text(Rule, frozen=True):
    """Rejects seeds whose documentation says nothing, or not in the wanted alphabet."""

    kind: Literal["text"] = "text"

    ascii: Literal["off", "docstring", "code"] = "off"
    """What must be ASCII: nothing, the documentation, or everything (as MultiPL-T had it)."""
    min_words: int = Field(default=2, ge=0)
    """Words that documentation must have besides names of parameters, addresses and directives."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or what is wrong with its text. Of snippets only the alphabet counts."""
        if self.ascii == "code" and not seed.code.isascii():
            return Rejected("not_ascii", _first_other(seed.code))
        if self.ascii == "docstring" and not seed.docstring.isascii():
            return Rejected("not_ascii", _first_other(seed.docstring))
        if seed.shape == "snippet":
            return seed
        return self._says_nothing(seed) or seed

    def _says_nothing(self, seed: Seed) -> Rejected | None:
        docstring = seed.docstring.strip()
        first = docstring.partition("\n")[0]
        if _GENERATED.search(docstring[:2000]):
            return rejected("generated", first)
        if _DEPRECATED.match(docstring[:300]):
            return rejected("deprecated", first)
        if _PLACEHOLDERS.match(docstring[:300]):
            return rejected("placeholder", docstring)
        telling = _WORD.findall(prose(docstring))
        # Scripts without blanks between words have few of them, but long ones.
        length = len(telling) + sum(len(word) // 3 for word in telling if not word.isascii())
        few = length < self.min_words
        # Formulas have no long ones.
        if few or all(len(word) < 3 and word.isascii() for word in telling):
            return rejected("no_prose", docstring)
        if _tokens(docstring[:200]) == _tokens(seed.name.rpartition(".")[2].rpartition(":")[2]):
            return rejected("name_again", docstring)
        return None


def prose(docstring: str) -> str:
    """Return documentation without what is no prose: examples, addresses, directives, code."""
    return _NOISE.sub(" ", docstring)


def _tokens(text: str) -> list[str]:
    """Return the words of a name or text: `getHTTPResponse2` has four."""
    words = [word.lower() for word in _TOKEN.findall(text)]
    return [word for word in words if word not in _FILLERS]


def _first_other(text: str) -> str:
    return next(f"U+{ord(char):04X}" for char in text if not char.isascii())
