"""From files to rows: counts, digest, split, packs; and how many steps they make."""

from pathlib import Path
from typing import Any

import pytest
from finetune_models import BytePairs, rows_of, settings_for, write_jsonl

from veristone import ConfigError, DatasetError
from veristone.training.finetune.data import Prepared, prepare, survey
from veristone.training.finetune.plan import Plan, accumulation, plan_steps
from veristone.training.finetune.template import load_template


def prepared(path: Path, **changes: Any) -> Prepared:
    settings = settings_for(path, **changes)
    template = load_template(settings.template)
    return prepare(settings, template, BytePairs(), bos=False)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "rows.jsonl", rows_of(40))


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "rows.jsonl",
        [
            {"instruction": "a", "response": "b"},
            {"instruction": "a", "response": " "},
            {"instruction": "a <bos>", "response": "b"},
            {"instruction": "a", "response": "b" * 300},
        ],
    )
    found = prepared(path)
    assert found.survey.read == 4
    assert found.survey.refused == {"empty_completion": 1, "special_token": 1, "too_long": 1}
    assert found.survey.kept == len(found.train) == 1
    assert found.learnt_tokens == 2


@pytest.mark.parametrize("rows", [[], [{"instruction": "a", "response": ""}]])
def test_data_that_leaves_nothing_is_refused(tmp_path: Path, rows: list[Any]) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DatasetError, match="no samples to train on"):
        prepared(path)
    with pytest.raises(DatasetError, match="no samples to train on"):
        survey(settings_for(path), load_template("plain"))


def test_the_digest_is_of_the_samples_and_their_order(tmp_path: Path, rows: Path) -> None:
    first = prepared(rows).survey
    (tmp_path / "a").mkdir()
    lines = rows.read_text().splitlines(keepends=True)
    same = write_jsonl(tmp_path / "a/0.jsonl", rows_of(40)[:13])
    write_jsonl(tmp_path / "a/1.jsonl", rows_of(40)[13:])
    assert prepared(same.parent).survey.digest == first.digest
    rows.write_text("".join(reversed(lines)))
    assert prepared(rows).survey.digest != first.digest
    assert first.files == ["rows.jsonl"]


def test_no_prompt_is_in_both_halves(rows: Path) -> None:
    found = prepared(rows, eval_fraction=0.25)

    def prompts(half: list[Any]) -> set[bytes]:
        return {sample.ids[: sample.given].tobytes() for sample in half}

    assert not prompts(found.train) & prompts(found.evaluation)
    assert len(found.train) + len(found.evaluation) == 40
    assert 10 <= len(found.evaluation) <= 13  # 12 prompts, 3 or 4 samples each
    again = prepared(rows, eval_fraction=0.25)
    assert again.evaluation == found.evaluation
    assert prepared(rows, eval_fraction=0.25, seed=1).evaluation != found.evaluation


def test_one_prompt_cannot_be_split(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", [{"instruction": "a", "response": "b"}] * 3)
    with pytest.raises(DatasetError, match="two different prompts"):
        prepared(path, eval_fraction=0.5)


def test_a_survey_needs_no_tokenizer(rows: Path) -> None:
    settings = settings_for(rows)
    found = survey(settings, load_template(settings.template))
    assert (found.read, found.kept) == (40, 40)
    assert found.digest == prepared(rows).survey.digest


@pytest.mark.parametrize(
    ("changes", "rows", "devices", "plan"),
    [
        # SelfCodeAlign's count: 50,000 samples, 64 a step, 4 epochs are about 3,100 steps.
        ({"batch_size": 64, "device_batch_size": 1, "epochs": 4}, 50_000, 1, (64, 782, 3128, 157)),
        ({"batch_size": 64, "device_batch_size": 2, "epochs": 4}, 50_000, 8, (4, 782, 3128, 157)),
        ({"batch_size": 8, "device_batch_size": 8, "epochs": 1}, 3, 1, (1, 1, 1, 1)),
        ({"batch_size": 4, "epochs": 0.5}, 40, 1, (1, 10, 5, 1)),
        ({"batch_size": 4, "max_steps": 33}, 40, 1, (1, 10, 33, 2)),
    ],
)
def test_steps(
    tmp_path: Path, changes: dict[str, Any], rows: int, devices: int, plan: tuple[int, ...]
) -> None:
    settings = settings_for(tmp_path, warmup_ratio=0.05, **changes)
    assert plan_steps(settings, rows, devices) == Plan(devices, *plan)


def test_a_batch_that_devices_cannot_share_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, batch_size=64, device_batch_size=2)
    assert accumulation(settings, 8) == 4
    with pytest.raises(ConfigError, match="multiple of 12"):
        accumulation(settings, 6)
