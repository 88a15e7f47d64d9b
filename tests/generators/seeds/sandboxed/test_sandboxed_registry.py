"""A recipe names the asynchronous steps by their kind."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from veristone import ConfigError
from veristone.generators.seeds.pipeline.recipe import AnyStep
from veristone.generators.seeds.sandboxed.behaviour import BehaviourStep
from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep
from veristone.generators.seeds.steps import Step

STEPS: TypeAdapter[Step] = TypeAdapter(AnyStep)
BENCHMARK = {"name": "b", "path": "b.jsonl"}


@pytest.mark.parametrize(
    ("settings", "step"),
    [
        ({"kind": "docstring_judge"}, DocstringJudgeStep()),
        (
            {"kind": "behaviour", "benchmarks": [BENCHMARK]},
            BehaviourStep.model_validate({"benchmarks": [BENCHMARK]}),
        ),
    ],
)
def test_steps_by_kind(settings: dict[str, Any], step: Step) -> None:
    made = STEPS.validate_python(settings)
    assert type(made) is type(step)
    assert made.model_dump() == step.model_dump()
    # A recipe goes to worker processes, and is written down.
    assert pickle.loads(pickle.dumps(made)).model_dump() == step.model_dump()
    assert STEPS.validate_json(made.model_dump_json()).model_dump() == step.model_dump()


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "nothing"},
        {"kind": "behaviour", "unknown": 1},
        {"kind": "docstring_judge", "minimum": -1},
        {"kind": "behaviour", "benchmarks": [{"name": "", "path": "b"}]},
        {"kind": "behaviour", "benchmarks": [BENCHMARK], "bits": 0},
    ],
)
def test_wrong_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        STEPS.validate_python(settings)


def test_behaviour_needs_a_benchmark(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="benchmarks"):
        STEPS.validate_python({"kind": "behaviour"}).prepare(tmp_path)
