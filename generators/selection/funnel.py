"""The funnel of a selection: what went into each step, what came out, and why the rest did not."""

import msgspec

__all__ = ["Funnel", "StepFunnel"]


class StepFunnel(msgspec.Struct, kw_only=True):
    """What one step did with responses."""

    step: str
    given: int = 0
    kept: int = 0
    not_applicable: int = 0
    """Of those kept: what the step cannot judge, for example for its language."""
    reasons: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Rejections by reason; their sum is `given - kept`."""


class Funnel(msgspec.Struct, kw_only=True):
    """The whole of a selection."""

    recipe: str
    digest: str
    """Of the recipe and the version: equal digests and responses, equal rows."""
    instructions: int = 0
    instructions_passed: int = 0
    """Instructions with a response that passes."""
    steps: list[StepFunnel] = msgspec.field(default_factory=list[StepFunnel])
    """In the order in which they are done."""
    products: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Lines by file: `selected`, `preferences`, `kto`, `repairs`."""
    models: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Selected rows by the model that wrote the response."""
    languages: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    categories: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    difficulties: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    licences: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Selected rows by licence of their seed; a seed with two counts at both."""
    verifiers: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Selected rows by the version of Veristone that judged them."""
    synthesis: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    """Recipe and counts of the synthesis run, where they stand beside the responses."""
    settings: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    """The recipe, whole."""
