"""The examples of a docstring as tests.

Read by the standard library's own parser; run inside the sandbox by its own runner, so directives
(`ELLIPSIS`, `NORMALIZE_WHITESPACE`, `SKIP`, ...), `<BLANKLINE>` and expected tracebacks mean what
they always mean (https://docs.python.org/3/library/doctest.html).
"""

import doctest

__all__ = ["has_tests"]

MOST_CHARACTERS = 64 * 1024
"""A longer docstring is a manual, and not read for examples."""


def has_tests(docstring: str) -> bool:
    """Return whether some example says what it expects, and is not skipped.

    An example without expected output only prepares another one, or shows a call: it proves
    nothing.
    """
    if ">>>" not in docstring or len(docstring) > MOST_CHARACTERS:
        return False
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except (ValueError, RecursionError):  # indentation that does not fit, unknown directives
        return False
    return any(example.want and not example.options.get(doctest.SKIP) for example in examples)
