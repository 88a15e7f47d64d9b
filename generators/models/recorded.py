"""Lines of recorded generations: what `RecordingModel` writes and `ReplayModel` reads.

    {"id"?, "prompt"? | "messages"?, "completions": [{"text", "finish_reason"?, "logprobs"?}, ...],
     "model"?, "prompt_tokens"?, "completion_tokens"?, ...}

A completion may be a plain string. Instead of `completions` a line may have `samples` or
`responses`, lists of strings, as recordings of the field do. A line needs an id, a prompt or
messages, for it is found by nothing else. Other fields are passed over; `RecordingModel` adds those
of the request.

JSON has no infinity: a log-probability of minus infinity is null.
"""

import hashlib
import json
import math

import msgspec

from veristone import Completion, Generation, GenerationRequest, Message

__all__ = ["BadLine", "Line", "Recorded", "id_key", "prompt_key", "read_line", "write_line"]

_DIGEST_BYTES = 8


class BadLine(ValueError):
    """A line is no recorded generation; the message says why."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A completion as it is recorded."""

    text: str
    finish_reason: str | None = None
    logprobs: tuple[dict[str, float | None], ...] | None = None

    def completion(self) -> Completion:
        """Return it as a model gives it."""
        tops = tuple(
            {token: -math.inf if value is None else value for token, value in top.items()}
            for top in self.logprobs or ()
        )
        return Completion(text=self.text, finish_reason=self.finish_reason or "stop", logprobs=tops)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line, as it is read. Null is as good as nothing."""

    id: str | None = None
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    completions: tuple[Recorded | str, ...] | None = None
    samples: tuple[str, ...] | None = None
    responses: tuple[str, ...] | None = None
    model: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def texts(self) -> tuple[Recorded | str, ...]:
        """The completions, under whichever name the line has them."""
        return self.completions or self.samples or self.responses or ()

    @property
    def prompt_key(self) -> int | None:
        """Key of the prompt or the messages, None if there are neither."""
        if not (self.prompt or self.messages):
            return None
        return prompt_key(self.prompt or "", self.messages or ())

    def is_about(self, request: GenerationRequest) -> bool:
        """Whether the line was recorded for this prompt; true where it does not say."""
        if not (self.prompt or self.messages):
            return True
        return (self.prompt or "", self.messages or ()) == (request.prompt, request.messages)

    def generation(self, request: GenerationRequest, model: str) -> Generation:
        """Return the first n completions, by `model` where the line names none. How many tokens
        they have is known only for all of them."""
        texts = self.texts
        return Generation(
            id=request.id,
            completions=tuple(
                Completion(text=one) if isinstance(one, str) else one.completion()
                for one in texts[: request.n]
            ),
            model=model if self.model is None else self.model,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens if len(texts) == request.n else 0,
        )


class _Written(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line, as it is written: the generation, and the request for those who read it."""

    id: str
    prompt: str
    messages: tuple[Message, ...] = ()
    n: int
    max_tokens: int
    temperature: float
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    completions: tuple[Completion, ...]
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()


def write_line(request: GenerationRequest, generation: Generation) -> bytes:
    """Return the line that replays a generation, with its newline.

    Raises:
        UnicodeEncodeError: there is a lone surrogate in a text.
    """
    return (
        _encoder.encode(
            _Written(
                id=request.id,
                prompt=request.prompt,
                messages=request.messages,
                n=request.n,
                max_tokens=request.max_tokens,
                temperature=request.temperature,
                top_p=request.top_p,
                stop=request.stop,
                seed=request.seed,
                completions=generation.completions,
                model=generation.model,
                prompt_tokens=generation.prompt_tokens,
                completion_tokens=generation.completion_tokens,
            )
        )
        + b"\n"
    )


def read_line(data: bytes) -> Line:
    """Return a line of a recording.

    Raises:
        BadLine: it is none.
    """
    try:
        line = _decoded(data)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadLine(str(error)) from error
    given = [
        name for name in ("completions", "samples", "responses") if getattr(line, name) is not None
    ]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise BadLine(f"it needs one of completions, samples and responses, and has {found}")
    if line.prompt and line.messages:
        raise BadLine("it has both a prompt and messages")
    if not (line.id or line.prompt or line.messages):
        raise BadLine("it has no id, no prompt and no messages to be found by")
    return line


def id_key(request_id: str) -> int:
    """Return the key of an id: 64 bits, so that two ids may share it, though hardly ever do."""
    return _digest(b"id", request_id.encode(errors="surrogatepass"))


def prompt_key(prompt: str, messages: tuple[Message, ...]) -> int:
    """Return the key of a prompt or of messages."""
    if not messages:
        return _digest(b"prompt", prompt.encode(errors="surrogatepass"))
    turns = json.dumps([[message.role, message.content] for message in messages])
    return _digest(b"messages", turns.encode())


def _digest(kind: bytes, data: bytes) -> int:
    digest = hashlib.blake2b(data, digest_size=_DIGEST_BYTES, person=kind)
    return int.from_bytes(digest.digest())


def _decoded(data: bytes) -> Line:
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        return msgspec.convert(json.loads(data), type=Line)
