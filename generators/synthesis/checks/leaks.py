"""`leaked_template`: pieces of a prompt, or tokens of a tokenizer, in what a model wrote.

A base model that does not stop goes on with the next example; a tokenizer's special tokens come as
text. Only prose is looked at: a tokenizer's own source code has such strings by right, in fences or
in backticks. Prompt markers count at the beginning of a line and alone on it, so that a heading
such as `## Example usage` is none.
"""

import re
from collections.abc import Sequence

from veristone.generators.code.fences import outside
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["leak"]

_TOKENS = re.compile(
    r"<\|[a-z0-9_]{2,40}\|>"  # GPT, Llama 3, Qwen, StarCoder's chats
    r"|<(?:fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|reponame|gh_stars"
    r"|issue_(?:start|comment|closed)|commit_(?:before|after|msg)|empty_output"
    r"|jupyter_(?:start|text|code|output|script)|pr_(?:status|comment|diff\w*)|endoftext|/s)>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<｜[^｜\n]{1,40}｜>",
    re.IGNORECASE,
)
_MARKERS = re.compile(
    r"[ ]{0,3}(?:"
    r"#{1,6}[ \t]*(?:Example(?:[ \t]+\d+)?|Instruction|Response|Snippet|Seed|Concepts"
    r"|Propert(?:y|ies)|#?Rewritten Prompt#?)[ \t]*:?[ \t]*#*"
    r"|@@[ \t]*(?:Instruction|Response)"
    r"|</?(?:instruction|response|tests|snippet|concepts|example)>"
    r"|===[ \t]+(?:system|user|assistant)"
    r")[ \t]*"
)
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LONGEST_LINE = 10_000
"""Characters of a line that are looked at; spans make the search more than linear."""


def leak(text: str, markers: Sequence[str] = ()) -> Problem | None:
    """Return the first leaked piece; `markers` are more beginnings of lines that are leaks."""
    for line in outside(text):
        shown = line.text[:_LONGEST_LINE]
        if _MARKERS.fullmatch(shown):
            return problem("leaked_template", shown.strip())
        for marker in markers:
            if marker and shown.lstrip().startswith(marker):
                return problem("leaked_template", marker)
        token = _TOKENS.search(_SPAN.sub("", shown) if "`" in shown else shown)
        if token is not None:
            return problem("leaked_template", token[0])
    return None
