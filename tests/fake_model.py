"""A model for tests: a function instead of weights.

    model = FakeModel(lambda request: ["def f(): ...", "def f(): pass"])
    model = FakeModel(lambda request: "yes")     # the same text n times

What the function returns is taken as it is: one text for all completions, or as many as were asked
for. It may return `Completion`s where a finish reason or log-probabilities matter, return an
awaitable of any of these, and raise what a real model would.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Self, TypeAlias

from veristone import Completion, Generation, GenerationRequest

__all__ = ["FakeModel", "Said"]

Said: TypeAlias = str | Completion | Sequence[str | Completion]
"""What a fake says to a request."""


class FakeModel:
    """Answers with what a function returns, and remembers what it was asked in `requests`.

    Token counts are words: of the prompt or messages, and of the completions.
    """

    def __init__(
        self, answer: Callable[[GenerationRequest], Said | Awaitable[Said]], *, name: str = "fake"
    ) -> None:
        self._answer = answer
        self.name = name
        self.requests: list[GenerationRequest] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held open."""

    async def generate(self, request: GenerationRequest) -> Generation:
        """Answer one request.

        Raises:
            RequestRefused: no model could be asked this.
            ValueError: the function returned another number of texts than was asked for.
        """
        request.validate()
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            said = self._answer(request)
            said = await said if inspect.isawaitable(said) else said
        finally:
            self.in_flight -= 1
        each = [said] * request.n if isinstance(said, str | Completion) else said
        if len(each) != request.n:
            raise ValueError(f"request {request.id}: {len(each)} texts for n={request.n}")
        completions = [Completion(text=one) if isinstance(one, str) else one for one in each]
        asked = " ".join([request.prompt, *(message.content for message in request.messages)])
        return Generation(
            id=request.id,
            completions=tuple(completions),
            model=self.name,
            prompt_tokens=len(asked.split()),
            completion_tokens=sum(len(one.text.split()) for one in completions),
        )
