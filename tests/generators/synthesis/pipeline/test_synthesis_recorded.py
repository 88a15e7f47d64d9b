"""The recorded CodeGen-16B solutions and tests, run through the whole as if just generated."""

import gzip
import json
from pathlib import Path

import pytest
from backends import open_engine
from pipeline_parts import read, refusals

from veristone.files import only_one
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recording import ReplayModel
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.feed import feed
from veristone.generators.synthesis.pipeline.folder import begin
from veristone.generators.synthesis.pipeline.work import asking, judging, work_off
from veristone.generators.synthesis.read_input import read_input
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.verification import sample_of
from veristone.settings import checked

pytestmark = pytest.mark.bubblewrap
DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
TASKS = 5


def rows(name: str) -> list[dict[str, object]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.slow
async def test_recorded_solutions_and_tests(tmp_path: Path) -> None:
    solutions = rows("codegen16b_humaneval_solutions.jsonl.gz")[:TASKS]
    tests = rows("codegen16b_humaneval_tests.jsonl.gz")
    recording, tasks = tmp_path / "recording.jsonl", tmp_path / "tasks.jsonl"
    recording.write_text("".join(json.dumps(row) + "\n" for row in (*solutions, *tests)))
    tasks.write_text(
        "".join(
            json.dumps({"id": f"t/{n}", "prompt": r["prompt"]}) + "\n"
            for n, r in enumerate(solutions)
        )
    )
    recipe = checked(Recipe, load_recipe("solutions"), "solutions")
    (stage,) = recipe.stages
    path = tmp_path / "run"
    with only_one(path):
        folder = begin(path, recipe.model_dump_json().encode(), [stage.name])
    async with (
        open_engine("bubblewrap", sandboxes=2) as engine,
        ReplayModel(ReplayConfig(path=str(recording))) as model,
        folder.open() as chain,
    ):
        await feed(chain, read_input(recipe.input, tasks))
        await work_off(chain, stage.name, asking(stage, model, recipe.random_seed), concurrency=4)
        await work_off(chain, VERIFY, judging(engine, recipe.verify), concurrency=4)
        with only_one(path):
            counts = await export(folder)
        responses = read(folder, "responses")
        samples = [sample_of(record, recipe.verify) for record in responses]
        again = {
            verdict.id: verdict
            async for verdict in engine.verify_stream([s for s in samples if s is not None])
        }
    # Every one of the recorded continuations became a verdict, or a refusal with its reason.
    assert len(responses) + len(refusals(folder)) == 100 * TASKS
    assert counts["finished"]
    assert len(responses) > 20
    for record in responses:
        assert record.verdict is not None
        assert record.verdict.decision == again[record.id].decision
    assert {record.verdict.decision for record in responses if record.verdict} == {"pass", "fail"}
