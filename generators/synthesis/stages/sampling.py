"""How a stage has its text sampled."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Sampling"]


class Sampling(BaseModel):
    """Settings of a request. The defaults are those of StarCoder2-Instruct and SelfCodeAlign for
    every stage: temperature 0.7, 1536 tokens, no nucleus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1536, ge=1)
    n: int = Field(default=1, ge=1, le=1024)
    """Completions of one prompt. With more than one, results get ids of their own: `ID/0`, ..."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Strings that end a completion and are no part of it."""
