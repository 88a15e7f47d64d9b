"""A larger limit of tokens asks again for what the smaller one cut off, and for nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from pipeline_parts import FakeVerifier

from veristone import Completion, ConfigError, GenerationRequest
from veristone.generators.models.fake import FakeModel
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.process import begun, feed_run, verify_run, work_on
from veristone.generators.synthesis.read_input import read_input
from veristone.generators.synthesis.recipe import Recipe, parse_recipe

LIMIT = 64
CODE = "```python\ndef f(x):\n    return x + {}\n```"


def recipe(max_tokens: int = LIMIT, **more: Any) -> Recipe:
    settings = {
        "name": "limits",
        "input": {"kind": "instructions"},
        "stages": [
            {
                "kind": "responses",
                "template": {"name": "t.jinja", "text": "{{ instruction }}"},
                "format": "plain",
                "shots": 0,
                "sampling": {"n": 2, "max_tokens": max_tokens, **more},
            }
        ],
    }
    return parse_recipe(settings, "recipe")


def answered(request: GenerationRequest) -> list[Completion]:
    """`long` needs more than LIMIT, of `half` one of two answers does."""
    found: list[Completion] = []
    for number in range(request.n):
        long = "long" in request.prompt or ("half" in request.prompt and number)
        cut = long and request.max_tokens <= LIMIT
        text = CODE.format(number)[: 30 if cut else None]
        # As many words as tokens were asked for: the fake counts words.
        found.append(
            Completion(text=text + " w" * LIMIT, finish_reason="length")
            if cut
            else Completion(text=text)
        )
    return found


async def run(folder: Path, whole: Recipe, model: FakeModel) -> dict[str, Any]:
    source = folder.with_name("instructions.jsonl")
    names = ("short", "half", "long one", "long two")
    rows = [{"id": name[:6].strip(), "instruction": f"Write a {name} function."} for name in names]
    rows[3]["id"] = "long2"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    async with begun(folder, whole, source, None) as found:
        await feed_run(found, read_input(whole.input, source))
        await work_on(found, model, ["responses"], in_flight=2)
        await verify_run(found, FakeVerifier(), concurrency=2)
        return await export(found)


def asked(model: FakeModel) -> list[str]:
    return sorted(request.id for request in model.requests)


def refused(folder: Path) -> list[str]:
    lines = (folder / "refused.jsonl").read_text().splitlines()
    return [json.loads(line)["record"]["id"] for line in lines]


async def test_a_larger_limit_asks_again_for_what_was_cut_off_entirely(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = FakeModel(answered)
    counts = await run(folder, recipe(), first)
    assert len(first.requests) == 4
    assert counts["stages"][0]["refused"] == {"truncated": 5}
    assert refused(folder) == ["half/1", "long o/0", "long o/1", "long2/0", "long2/1"]

    again = FakeModel(answered)
    await run(folder, recipe(), again)
    assert asked(again) == [], "the same limit gives the same"

    larger = FakeModel(answered)
    counts = await run(folder, recipe(2 * LIMIT), larger)
    assert asked(larger) == ["responses/long o", "responses/long2"]
    responses, verified = counts["stages"]
    assert (responses["given"], responses["kept"]) == (4, 7)
    assert responses["refused"] == {"truncated": 1}
    assert refused(folder) == ["half/1"]
    assert verified["given"] == 7
    assert counts["finished"]
    # It is this recipe's run now.
    await run(folder, recipe(2 * LIMIT), FakeModel(answered))
    with pytest.raises(ConfigError, match="another recipe"):
        await run(folder, recipe(), FakeModel(answered))


async def test_another_recipe_stays_another(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    await run(folder, recipe(), FakeModel(answered))
    for other in (recipe(LIMIT // 2), recipe(2 * LIMIT, temperature=0.1)):
        with pytest.raises(ConfigError, match="another recipe"):
            await run(folder, other, FakeModel(answered))


async def test_a_context_that_is_too_short_is_the_servers_trouble(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    short = FakeModel(lambda _: Completion(text="def f(x", finish_reason="length"))
    counts = await run(folder, recipe(), short)
    assert counts["stages"][0]["dead"] == counts["stages"][0]["refused_by_server"] == 4
    (first, *_) = (folder / "dead.jsonl").read_text().splitlines()
    assert "its context is too short" in first
