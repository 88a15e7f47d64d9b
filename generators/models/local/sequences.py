"""One continuation while it grows: what it has so far, and when it ends."""

import random
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field
from typing import Any

from veristone.generation import Completion, GenerationRequest
from veristone.generators.models.local.jobs import Job
from veristone.generators.models.local.prompts import read_text
from veristone.generators.models.stops import stop_at

__all__ = ["Sequence", "sequences_of"]


@dataclass(eq=False, slots=True)
class Sequence:
    """Continuation `index` of a request."""

    job: Job
    index: int
    prompt: Tokens[int]
    room: int
    """Most tokens that it may have: what was asked for, or what the context has room for."""
    rng: random.Random
    """Its own, so that its draws depend on no other sequence."""
    tokens: list[int] = field(default_factory=list[int])
    logprobs: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    finish_reason: str = ""
    """Empty: it still grows."""
    text: str = ""

    @property
    def request(self) -> GenerationRequest:
        """What was asked for."""
        return self.job.request

    @property
    def growing(self) -> bool:
        """Whether another token is wanted; not, where nobody waits for it any more."""
        return not self.finish_reason and not self.job.withdrawn

    def add(self, token: int, tokenizer: Any, ends: frozenset[int]) -> None:
        """Take the next token, and see whether it was the last: one of `ends` is."""
        self.tokens.append(token)
        if token in ends:
            self._finish("stop", read_text(tokenizer, self.prompt, self.tokens[:-1]))
        elif self._stopped(tokenizer):
            text = read_text(tokenizer, self.prompt, self.tokens)
            self._finish("stop", text[: stop_at(text, self.request.stop)])
        elif len(self.tokens) >= self.room:
            self._finish("length", read_text(tokenizer, self.prompt, self.tokens))

    def _finish(self, reason: str, text: str) -> None:
        self.finish_reason, self.text = reason, text

    def _stopped(self, tokenizer: Any) -> bool:
        """Whether the latest token completed a stop string.

        Only the end of the text is read, or long continuations would cost their square. Each token
        is at least one byte, but for special ones; the spare tokens are for these.
        """
        if not self.request.stop:
            return False
        window = 16 + max(len(word.encode()) for word in self.request.stop)
        tail = read_text(tokenizer, self.prompt, self.tokens[-window:])
        if stop_at(tail, self.request.stop) is None:
            return False
        # The tail is read without what stands before it, which may change its first character.
        text = read_text(tokenizer, self.prompt, self.tokens)
        return stop_at(text, self.request.stop) is not None

    def completion(self) -> Completion:
        """What it has become."""
        return Completion(
            text=self.text, finish_reason=self.finish_reason, logprobs=tuple(self.logprobs)
        )


def sequences_of(job: Job, prompt: Tokens[int], context: int | None) -> list[Sequence]:
    """Return the sequences that a request needs: n, or one where all n would be equal.

    A sequence's random numbers depend on the request's seed and the sequence's index alone.
    """
    request = job.request
    room = request.max_tokens if context is None else min(request.max_tokens, context - len(prompt))
    return [
        Sequence(
            job=job,
            index=index,
            prompt=prompt,
            room=room,
            rng=random.Random(None if request.seed is None else f"{request.seed} {index}"),
        )
        for index in range(1 if request.temperature <= 0 else request.n)
    ]
