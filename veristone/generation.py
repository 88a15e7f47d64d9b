"""The one protocol that everything which generates satisfies, and what crosses it.

It stands here, beside `Verifier`, because both sides need it: producers of training data ask a
model, and so does evaluation. Back ends live in `generators.models`; none is imported here.
"""

from typing import Literal, Protocol, runtime_checkable

import msgspec

from veristone.errors import RequestRefused

__all__ = ["Completion", "Generation", "GenerationRequest", "Message", "Model"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class GenerationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`n` continuations of one prompt: raw text, or a conversation where `messages` are given."""

    id: str
    """Identity of the request, the same in every run: recordings are found by it."""
    prompt: str = ""
    messages: tuple[Message, ...] = ()
    n: int = 1
    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    """Strings that end a continuation; they are not part of its text."""
    seed: int | None = None
    logprobs: int = 0
    """How many of the likeliest tokens to report at each position of a continuation."""

    def validate(self) -> None:
        """Raise `RequestRefused` where no model can be asked this.

        Raises:
            RequestRefused: the message names the field.
        """
        if bool(self.prompt) == bool(self.messages):
            raise RequestRefused(f"request {self.id}: give either a prompt or messages")
        if self.n < 1 or self.max_tokens < 1:
            raise RequestRefused(f"request {self.id}: n and max_tokens are 1 or more")


class Completion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One continuation."""

    text: str
    finish_reason: str = "stop"
    """`stop`: the model ended it or a stop string did; `length`: it was cut at `max_tokens`; else
    the server's own word."""
    logprobs: tuple[dict[str, float], ...] = ()
    """Per generated token, the likeliest tokens and their natural log-probabilities."""
    note: str = ""
    """What the server sent in place of a text: reasoning alone, a refusal, calls of tools."""


class Generation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one request: exactly `n` completions, in the order of the model."""

    id: str
    completions: tuple[Completion, ...]
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def cut_early(self, max_tokens: int) -> bool:
        """Whether texts that the server calls cut off are shorter than the limit asked for: its own
        context was too short, which is its trouble and not the model's answer.

        The completions of a request have one prompt, so all of them are cut at the same length. A
        server that counts no tokens is believed; one may count an end mark or not.
        """
        cut = sum(one.finish_reason == "length" for one in self.completions)
        return 0 < self.completion_tokens < cut * (max_tokens - 1)


@runtime_checkable
class Model(Protocol):
    """Generates text. Back ends are asynchronous context managers; inside, many requests may be
    under way at once, and the back end itself decides how many it sends on."""

    @property
    def name(self) -> str:
        """What stands in records and dataset cards, for example ``bigcode/starcoder2-15b``."""
        ...

    async def generate(self, request: GenerationRequest) -> Generation:
        """Answer one request.

        Raises:
            RequestRefused: this model will never answer this request, for example because the
                prompt is longer than its context.
            ModelUnavailable: no answer could be had after every retry; the same request may be
                answered later.
        """
        ...
