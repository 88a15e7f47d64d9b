"""docs/synthesis.md shows what the recipes really ask, and answers that really stand somewhere.

A fence says what it shows: `prompt=RECIPE/STAGE` is compared with the rendered prompt, line by line
and in order, where `[...]` stands for anything; `answer=...` with an example or a recording.
"""

import gzip
import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from backends import give_up
from content_prompts import recipe_named, record, text_of, without
from markdown_it import MarkdownIt

from veristone.generators.synthesis.checks.base import Reason
from veristone.generators.synthesis.examples import read_examples
from veristone.generators.synthesis.recipe import builtin_recipes

ROOT = Path(__file__).parents[4]
DATA = ROOT.parent / "shared" / "data"
PAGE = (ROOT / "docs" / "synthesis.md").read_text(encoding="utf-8")
EXAMPLES = tuple(read_examples("self-oss-instruct"))
SHOWN = next(example for example in EXAMPLES if example.name == "08-visits")
BLOCKS = [
    (word, token.content.splitlines())
    for token in MarkdownIt("commonmark").parse(PAGE)
    if token.type == "fence"
    for word in token.info.split()[1:]
]
UNIQUE = '\n\ndef unique(l: list):\n    """Return sorted unique elements in a list\n    """\n'
each = pytest.mark.parametrize(
    ("word", "lines"), BLOCKS, ids=[f"{n}-{word}" for n, (word, _) in enumerate(BLOCKS)]
)


def rendered(name: str) -> str:
    """The prompt of a stage about the example that the page follows, without its own."""
    recipe_name, _, stage_name = name.partition("/")
    recipe = recipe_named(recipe_name)
    stage = next(s for s in recipe.stages if s.name == stage_name.partition(".")[0])
    if recipe.examples:
        stage = without(stage, SHOWN, EXAMPLES)
    made = record(0, SHOWN.snippet, SHOWN.instruction)
    assert made.seed is not None
    seed = msgspec.structs.replace(made.seed, imports=())
    made = msgspec.structs.replace(
        made, id="read-batches", seed=seed, concepts=SHOWN.concepts, difficulty="medium"
    )
    if recipe_name == "solutions":
        seed = msgspec.structs.replace(seed, code=UNIQUE, name="unique")
        made = msgspec.structs.replace(made, seed=seed)
    return text_of(stage.requests(made, recipe.random_seed)[-1])


def written(name: str) -> str:
    """The text that an answer on the page comes from."""
    example = next((e for e in EXAMPLES if e.name == name), None)
    if example is not None:
        concepts = ", ".join(example.concepts)
        return f"{concepts}\n{example.instruction}\n{example.response}\n{example.tests}"
    number = int(name.removeprefix("codegen/"))
    texts: list[str] = []
    for part, prompt in (
        ("solutions", UNIQUE),
        ("tests", f"{UNIQUE}    pass\n\n# check the correctness of unique\nassert "),
    ):
        file = DATA / f"codegen16b_humaneval_{part}.jsonl.gz"
        if not file.exists():
            give_up("shared/data is not here: CodeT's recordings are needed")
        rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
        texts.append(next(row for row in rows if row["prompt"] == prompt)["samples"][number])
    return "\n".join(texts)


@each
def test_what_is_shown_is_so(word: str, lines: list[str]) -> None:
    kind, _, name = word.partition("=")
    whole = (rendered if kind == "prompt" else written)(name)
    rest = iter(whole.split("\n"))
    for line in lines:
        start, _, cut = line.partition("[...]")
        assert not cut
        if start or line == "":
            same = (  # recordings have tabs where the page has none
                other.strip().startswith(start.strip())
                if "[...]" in line
                else other.strip() == line.strip()
                for other in rest
            )
            assert any(same), line
    if kind == "prompt" and "[...]" not in lines[-1]:
        assert whole.rstrip("\n").endswith(lines[-1])


def test_the_page_has_every_recipe_and_every_reason() -> None:
    assert {word.partition("=")[2].partition("/")[0] for word, _ in BLOCKS} > {*builtin_recipes()}
    table = PAGE.partition("## Why something is refused")[2].partition("\n## ")[0]
    assert [reason for reason in get_args(Reason) if f"`{reason}`" not in table] == []
    assert len(PAGE.splitlines()) <= 270
