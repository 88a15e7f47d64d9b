"""The prompt template: how an instruction is written down for the model, in training and after it.

One object serves all: training renders with it, evaluation renders with it, and `chat_template`
gives the same text to servers, so that a tuned model is never asked in other words than it learnt.
No torch, no Jinja.

A conversation is written as

    SYSTEM after_system  before_user TEXT after_user  before_response TEXT EOS after_response  ...

and a prompt ends with `before_response`. The template adds no BOS: the tokenizer does (see
`Settings.bos`).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, model_validator

from veristone.settings import checked, read_named

__all__ = ["Template", "Turn", "load_template"]

_BUILT_IN = Path(__file__).parent / "templates"


class Turn(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Template(BaseModel):
    """How a conversation is written; every field is literal text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str = ""
    """What stands in front of a conversation that brings no system message of its own."""
    before_system: str = ""
    after_system: str = "\n\n"
    before_user: str = ""
    after_user: str = "\n\n"
    before_response: str = ""
    after_response: str = "\n\n"
    """Between a response's EOS and the next turn."""

    @model_validator(mode="after")
    def _is_literal(self) -> Self:
        for name, text in self:
            if "{{" in text or "{%" in text:
                raise ValueError(f"{name}: is literal text, not Jinja")
        return self

    def render(self, instruction: str, system: str | None = None) -> str:
        """Return the prompt of one instruction: everything before the response's first character.

        Args:
            instruction: the user's text, used as it is.
            system: in place of the template's own sentence; empty for none.
        """
        turns = [Turn("user", instruction)]
        return self.render_turns(turns if system is None else [Turn("system", system), *turns])

    def render_turns(self, turns: Sequence[Turn], eos: str = "") -> str:
        """Return the prompt of a conversation whose next turn is the assistant's.

        Args:
            turns: a system message at most in front, then user and assistant in turn, user last.
            eos: the text of the tokenizer's EOS token, which ends earlier responses.

        Raises:
            ValueError: the turns are in another order; the message says what is wrong.
        """
        system, rest = self.system, list(turns)
        if rest and rest[0].role == "system":
            system, rest = rest[0].content, rest[1:]
        parts = [self._system(system)]
        for number, turn in enumerate(rest):
            wanted = "assistant" if number % 2 else "user"
            if turn.role != wanted:
                raise ValueError(f"turn {number + 1} is {turn.role}'s and should be {wanted}'s")
            if turn.role == "user":
                parts.append(self.before_user + turn.content + self.after_user)
            else:
                parts += [self.before_response, turn.content, eos, self.after_response]
        if not rest or rest[-1].role != "user":
            raise ValueError("the last turn before the response must be user's")
        return "".join([*parts, self.before_response])

    def is_rendered(self, text: str) -> bool:
        """Return whether `text` begins and ends as a prompt of this template does."""
        start = self._system(self.system) + self.before_user
        end = self.after_user + self.before_response
        fits = len(text) >= len(start) + len(end)
        return fits and text.startswith(start) and text.endswith(end)

    def chat_template(self, *, bos: bool = False) -> str:
        """Return the Jinja text that makes servers and `apply_chat_template` write the same.

        Args:
            bos: begin with the tokenizer's BOS, because servers add none to what a chat template
                wrote. True where the tokenizer adds one to plain text.
        """
        # JSON's texts are Jinja's, as long as no character is cut into two escapes.
        form = json.dumps(self.model_dump(), ensure_ascii=False)
        start = "{{- bos_token -}}" if bos else ""
        text = (_BUILT_IN / "chat.jinja").read_text(encoding="utf-8")
        return f"{start}{{%- set form = {form} -%}}{text}"

    def _system(self, text: str) -> str:
        return self.before_system + text + self.after_system if text else ""


def load_template(name: str) -> Template:
    """Return a template of ours by its name, or that of a TOML file.

    Raises:
        ConfigError: there is no such template, or something is wrong with it.
    """
    _, settings = read_named(name, _BUILT_IN, what="template")
    return checked(Template, settings, name)
