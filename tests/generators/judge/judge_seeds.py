"""Seeds for the tests of the judge."""

import re
from pathlib import Path

import msgspec

from veristone.generators.seeds.records import Provenance, Seed, seed_id

FUNCTIONS = Path(__file__).with_name("functions.jsonl")
LAST_CASE = re.compile(r"\A[\s\S]*^Case 8, ", re.MULTILINE)


def seed(
    code: str = 'def f(x):\n    """Return x."""\n    return x\n',
    *,
    docstring: str = "Return x.",
    language: str = "python",
    shape: str = "function",
    imports: tuple[str, ...] = (),
) -> Seed:
    """A seed called `f`."""
    return Seed(
        id=seed_id(language, code + docstring),
        code=code,
        language=language,
        shape=shape,
        name="f",
        docstring=docstring,
        imports=imports,
        provenance=Provenance(source="tests"),
    )


def numbered(count: int) -> list[Seed]:
    """Seeds that differ in a number."""
    return [
        seed(f'def f(x):\n    """Add {n}."""\n    return x + {n}\n', docstring=f"Add {n}.")
        for n in range(count)
    ]


def asked_about(prompt: str) -> str:
    """The seed's own case in a prompt."""
    return LAST_CASE.sub("", prompt)


class _Labelled(msgspec.Struct):
    seed: Seed


def real_functions() -> list[Seed]:
    """Documented functions of five languages; `functions.md` says whose they are."""
    lines = msgspec.json.Decoder(_Labelled).decode_lines(FUNCTIONS.read_bytes())
    return [line.seed for line in lines]
