"""From a request to the tokens that a model continues, and from tokens to text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from veristone.errors import RequestRefused
from veristone.generation import GenerationRequest

__all__ = ["encode", "model_name", "read_text", "token_text"]


def encode(tokenizer: Any, request: GenerationRequest, context: int | None) -> list[int]:
    """Return the prompt's tokens; messages go through the tokenizer's own chat template.

    `context` is the most tokens of prompt and continuation together, None where nothing is known.

    Raises:
        RequestRefused: there is no chat template, it refuses these messages, or no room is left
            for a continuation.
    """
    if request.messages:
        text, special = _conversation(tokenizer, request), False
    else:
        text, special = request.prompt, True
    # Not verbose: what is too long is refused below, and needs no warning as well.
    tokens = tokenizer(text, add_special_tokens=special, verbose=False).input_ids
    if not tokens:
        raise RequestRefused(f"request {request.id}: the prompt has no tokens")
    if context is not None and len(tokens) >= context:
        raise RequestRefused(
            f"request {request.id}: the prompt is {len(tokens)} tokens long, and the model's "
            f"context of {context} has to hold the continuation too"
        )
    return tokens


def _conversation(tokenizer: Any, request: GenerationRequest) -> str:
    if not tokenizer.chat_template:
        raise RequestRefused(
            f"request {request.id}: the model's tokenizer has no chat template, so it takes no "
            "messages; use a recipe with raw prompts, or a model that was tuned to chat"
        )
    messages = [{"role": one.role, "content": one.content} for one in request.messages]
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except Exception as error:
        # The template is a program of the model's authors, and raises what it likes: jinja2's own
        # errors, and whatever Python makes of a bad expression.
        raise RequestRefused(
            f"request {request.id}: the chat template refuses these messages: {error}"
        ) from error


def model_name(model: str) -> str:
    """Return what a model is called in records: its name on the hub, or its folder's name.

    A path says where something lay on this machine, and that is in no record's interest.
    """
    return Path(model).resolve().name if Path(model).exists() else model


def read_text(tokenizer: Any, prompt: Sequence[int], tokens: Sequence[int]) -> str:
    """Return the text that `tokens` add to the prompt.

    Some tokenizers drop a space at the beginning of a text, so a continuation is read with the end
    of its prompt before it.
    """
    before = list(prompt[-4:])
    start = _decode(tokenizer, before)
    text = _decode(tokenizer, [*before, *tokens])
    return text[len(start) :] if text.startswith(start) else _decode(tokenizer, tokens)


def token_text(tokenizer: Any, token: int) -> str:
    """Return one token as text, special tokens included."""
    return tokenizer.decode([token], clean_up_tokenization_spaces=False)


def _decode(tokenizer: Any, tokens: Sequence[int]) -> str:
    return tokenizer.decode(
        list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
