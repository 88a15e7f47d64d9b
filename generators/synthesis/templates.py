"""Prompts: Jinja templates that turn a record into what a model is asked.

`x.jinja` renders one raw prompt, to the character. `x.chat.jinja` renders a conversation: a line
`=== system`, `=== user` or `=== assistant` begins a message, which is taken without the newlines
around it, and left out where nothing else is in it. Such a line counts where it stands in the
template, loops included, never where it comes out of a seed or an example.

Variables (a template that uses any other is refused when the recipe is read):

    record        the Record as it will be answered, with its drawn properties
    seed_code     inferred imports and code of the seed, without newlines at its end; empty without
    shots         list of examples drawn for this record, see `examples.Example`
    concepts      tuple of the record's concepts: {{ concepts | join(", ") }}
    category, difficulty, language, instruction   of the record; empty where not known
    method        of an evolution: {{ method }} is its text, {{ method.name }} its name

What comes out of a variable is data: braces in a seed stay braces. A block alone on its line leaves
no line behind (`trim_blocks`, `lstrip_blocks`); the last newline is kept. Servers keep prompts'
beginnings in a cache, so what is equal for all records of a deck comes first and the record last.
"""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple, Self, cast

import jinja2
from jinja2 import StrictUndefined, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, model_validator

from veristone import ConfigError, Message

__all__ = ["VARIABLES", "Prompt", "Template"]

VARIABLES = frozenset(
    {"record", "seed_code", "shots", "concepts", "category", "difficulty", "language"}
    | {"instruction", "method"}
)
_ROLE = re.compile(r"^===[ \t]+(\w+)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_ROLES = ("system", "user", "assistant")


class Prompt(NamedTuple):
    """What a template renders: one of the two."""

    text: str = ""
    messages: tuple[Message, ...] = ()


class Template(BaseModel):
    """A template with its text, so that a recipe says what is asked without any file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Name of its file; `.chat.jinja` at the end makes it a conversation."""
    text: str

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            unknown = self.variables - VARIABLES
            _compiled(self.text, self.is_chat)
        except jinja2.TemplateSyntaxError as error:
            raise ValueError(f"{self.name}, line {error.lineno}: {error.message}") from error
        if unknown:
            known = ", ".join(sorted(VARIABLES))
            raise ValueError(f"{self.name}: no variable {min(unknown)!r}; there are {known}")
        if self.is_chat:
            self._check_roles()
        elif not self.text.strip():
            raise ValueError(f"{self.name}: the template is empty")
        return self

    def _check_roles(self) -> None:
        found = list(_ROLE.finditer(self.text))
        if not found:
            raise ValueError(f"{self.name}: no line '=== user' in a conversation")
        for match in found:
            if match[1] not in _ROLES:
                raise ValueError(f"{self.name}: role {match[1]!r}; there are {', '.join(_ROLES)}")

    @property
    def is_chat(self) -> bool:
        """Whether it renders a conversation."""
        return self.name.endswith(".chat.jinja")

    @property
    def variables(self) -> set[str]:
        """Names that the template expects from outside."""
        found = meta.find_undeclared_variables(_ENVIRONMENT.parse(self.text))
        return found - _ENVIRONMENT.globals.keys()

    def render(self, values: Mapping[str, object]) -> Prompt:
        """Return the prompt for such values of the variables.

        Raises:
            ConfigError: the template asks for something that is not there.
        """
        template = _compiled(self.text, self.is_chat)
        try:
            text = template.jinja.render(values)
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise ConfigError(f"template {self.name}: {error}") from error
        if not self.is_chat:
            return Prompt(text=text)
        return Prompt(messages=_messages(text, template.mark, self.name))


class _Compiled(NamedTuple):
    jinja: jinja2.Template
    mark: str
    """Stands before and behind a role in what is rendered."""


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def _compiled(text: str, is_chat: bool) -> _Compiled:
    mark = ""
    if is_chat:
        # Nobody can have put it into a seed.
        mark = f"={secrets.token_hex(16)}="
        text = _ROLE.sub(lambda match: f"{mark}{match[1]}{mark}", text)
    return _Compiled(_ENVIRONMENT.from_string(text), mark)


def _messages(text: str, mark: str, name: str) -> tuple[Message, ...]:
    before, *parts = text.split(mark)
    if before.strip():
        raise ConfigError(f"template {name}: text before the first role")
    found: list[Message] = []
    for role, content in zip(parts[::2], parts[1::2], strict=True):
        if content.strip():
            known = cast(Literal["system", "user", "assistant"], role)
            found.append(Message(role=known, content=content.strip("\n")))
    if not found or found[-1].role == "system":
        raise ConfigError(f"template {name}: the last message must be the user's or assistant's")
    return tuple(found)
