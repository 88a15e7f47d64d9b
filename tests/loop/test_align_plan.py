"""From a recipe to commands: what is shared, what depends on what, what a mistake says."""

from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.loop.estimate import estimate
from veristone.loop.plan import Step, plan
from veristone.loop.recipe import AlignRecipe, load_align_recipe

RECIPE = """
name = "t"
rounds = 2
[model]
model = "org/base"
serve = "transformers:MODEL"
billions = 15
[seeds]
source = ["corpus"]
[synthesis]
recipe = "starcoder2-instruct"
[training]
preset = "tiny"
set = { learning_rate = 1e-4, packing = true }
[benchmarks]
HumanEval = "he.jsonl"
[[evaluation]]
benchmark = "humaneval"
dataset = "he.jsonl"
"""


def recipe(tmp_path: Path, more: str = "", text: str = RECIPE) -> AlignRecipe:
    path = tmp_path / "r.toml"
    path.write_text(text + more)
    return load_align_recipe(path)


def by_name(steps: list[Step]) -> dict[str, Step]:
    return {step.name: step for step in steps}


def test_rounds_follow_one_another(tmp_path: Path) -> None:
    steps = plan(recipe(tmp_path))
    names = [step.name for step in steps]
    assert names == [
        "evaluation/base/humaneval",
        "seeds/main",
        "round-1/synthesis/main",
        "round-1/selection/main",
        "round-1/dataset/main",
        "round-1/training/main",
        "round-1/evaluation/main/humaneval",
        "round-2/synthesis/main",
        "round-2/selection/main",
        "round-2/dataset/main",
        "round-2/training/main",
        "round-2/evaluation/main/humaneval",
    ]
    for step in steps:
        assert all(names.index(before) < names.index(step.name) for before in step.after)
    found = by_name(steps)
    assert found["round-1/synthesis/main"].settings["model"] == "transformers:org/base"
    second = found["round-2/synthesis/main"]
    assert second.settings["model"] == "transformers:round-1/training/main/model"
    assert second.after == ("seeds/main", "round-1/training/main")
    # Each round begins from the base model.
    assert found["round-2/training/main"].inputs["model"] == "org/base"
    assert found["evaluation/base/humaneval"].settings["style"] == "complete"
    assert found["round-1/evaluation/main/humaneval"].settings["style"] == "instruct"


def test_a_variant_shares_what_is_the_same(tmp_path: Path) -> None:
    steps = plan(
        recipe(tmp_path, '[[variants]]\nname = "all"\n[variants.selection]\nrecipe = "no-filter"\n')
    )
    found = by_name(steps)
    assert "round-1/synthesis/all" not in found
    assert found["round-1/selection/all"].after == ("round-1/synthesis/main",)
    # The second round's data come from another model, so nothing of it is shared.
    assert "round-2/synthesis/all" in found
    assert sum(step.kind == "seeds" for step in steps) == 1


def test_a_variant_that_changes_nothing_adds_nothing(tmp_path: Path) -> None:
    alone = plan(recipe(tmp_path))
    assert plan(recipe(tmp_path, '[[variants]]\nname = "same"\n')) == alone


def test_a_changed_setting_is_seen_in_all_that_depends_on_it(tmp_path: Path) -> None:
    before = by_name(plan(recipe(tmp_path)))
    after = by_name(plan(recipe(tmp_path, text=RECIPE.replace("1e-4", "2e-4"))))
    changed = {name for name in before if before[name].digest != after[name].digest}
    assert changed == {
        name
        for name in before
        if name.startswith(("round-2", "round-1/eval")) or "training" in name
    }


def test_an_edited_part_is_seen_in_all_that_depends_on_it(tmp_path: Path) -> None:
    whole = recipe(tmp_path)
    before = by_name(plan(whole, lambda kind, name: f"{kind} 1"))
    after = by_name(plan(whole, lambda kind, name: f"{kind} {2 if kind == 'selection' else 1}"))
    same = {name for name in before if before[name].digest == after[name].digest}
    assert same == {"evaluation/base/humaneval", "seeds/main", "round-1/synthesis/main"}


def test_settings_of_a_back_end_are_a_file_of_the_users(tmp_path: Path) -> None:
    """A teacher that wants a key has a TOML file; the steps run in another folder."""
    text = RECIPE.replace("billions = 15", 'teacher = "gpt.toml"')
    found = by_name(plan(recipe(tmp_path, text=text)))
    assert found["round-1/synthesis/main"].settings["model"] == str(tmp_path / "gpt.toml")


def test_paths_are_meant_from_the_recipe(tmp_path: Path) -> None:
    found = by_name(plan(recipe(tmp_path)))
    assert found["seeds/main"].settings["source"] == [str(tmp_path / "corpus")]
    assert found["seeds/main"].settings["benchmarks"] == {"HumanEval": str(tmp_path / "he.jsonl")}
    assert found["evaluation/base/humaneval"].inputs["dataset"] == str(tmp_path / "he.jsonl")
    assert found["round-1/training/main"].inputs["model"] == "org/base"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "model: Field required"),
        (RECIPE.replace("rounds = 2", "rounds = 0"), "rounds"),
        (RECIPE.replace("[seeds]", "[unknown]"), "unknown"),
        (RECIPE.replace('[seeds]\nsource = ["corpus"]', ""), "give \\[seeds\\]"),
        (RECIPE + '[[variants]]\nname = "main"\n', "two variants are called 'main'"),
        (RECIPE + '[[variants]]\nname = "../x"\n', "variants.0.name"),
        (RECIPE + '[[evaluation]]\nbenchmark = "humaneval"\ndataset = "x"\n', "two evaluations"),
        ("name = ", "r.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        recipe(tmp_path, text=text)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load_align_recipe(tmp_path / "nowhere.toml")


def test_the_estimate_repeats_the_papers_own_cost(tmp_path: Path) -> None:
    """37 thousand seeds with StarCoder2-15B: 12 h on four A100, then 2.5 h for 15 thousand rows."""
    scale = "[scale]\nseeds = 37000\nrows = 15000\n"
    whole = recipe(tmp_path, scale)
    steps = plan(whole)
    costs = estimate(whole, steps)
    assert costs["round-1/synthesis/main"].gpu_hours == pytest.approx(48)
    assert costs["round-1/training/main"].gpu_hours == pytest.approx(10)
    assert costs["seeds/main"].core_hours == pytest.approx(22_311_478 / 1070 / 3600)
    assert set(costs) == {step.name for step in steps}


def test_an_estimate_counts_what_would_run(tmp_path: Path) -> None:
    """Judge, tasks of each suite, the GPUs that a step uses, limits and equal sizes."""
    (tmp_path / "he.jsonl").write_text("{}\n" * 7)
    more = """
[machine]
gpus = 8
[server]
tensor_parallel = 2
[[evaluation]]
benchmark = "ds-1000"
dataset = "absent.jsonl"
n = 3
[[variants]]
name = "all"
equal_rows = true
[variants.selection]
recipe = "no-filter"
"""
    text = RECIPE.replace("transformers:MODEL", "server:MODEL").replace("rounds = 2", "rounds = 1")
    text = text.replace('["corpus"]', '["corpus"]\njudge = "server:org/judge"')
    text = text.replace('"starcoder2-instruct"', '"starcoder2-instruct"\nlimit = 2000')
    whole = recipe(tmp_path, more, text)
    costs = estimate(whole, plan(whole))
    assert costs["seeds/main"].gpus == 8
    assert costs["seeds/main"].gpu_hours > 1
    assert (costs["round-1/synthesis/main"].given, costs["round-1/synthesis/main"].gpus) == (
        2000,
        8,
    )
    assert costs["round-1/selection/main"].made == 400
    assert costs["round-1/selection/all"].made == 400
    assert costs["round-1/training/main"].gpus == 8
    assert costs["evaluation/base/humaneval"].given == 7
    assert costs["evaluation/base/ds-1000"].given == 3000


def test_a_given_server_costs_no_gpu_here(tmp_path: Path) -> None:
    text = RECIPE.replace("transformers:MODEL", "http://far/v1#MODEL")
    whole = recipe(tmp_path, text=text)
    costs = estimate(whole, plan(whole))
    assert costs["round-1/synthesis/main"].gpu_hours == 0
    assert costs["round-1/training/main"].gpus == 1


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("gpus = 1", ()),
        ("gpus = 8", ("--multi_gpu", "--num_processes", "8")),
        ('gpus = 8\nlauncher = ["srun", "accelerate"]', ("srun", "accelerate")),
    ],
)
def test_training_uses_every_gpu(tmp_path: Path, machine: str, words: tuple[str, ...]) -> None:
    found = by_name(plan(recipe(tmp_path, f"[machine]\n{machine}\n")))
    launcher = found["round-1/training/main"].launcher
    assert launcher[-len(words) :] == words if words else launcher == ()


def test_a_model_too_large_for_one_gpu_is_divided(tmp_path: Path) -> None:
    text = RECIPE.replace('preset = "tiny"', 'preset = "tiny"\nparallel = "deepspeed-zero3"')
    found = by_name(plan(recipe(tmp_path, "[machine]\ngpus = 4\n", text)))
    launcher = found["round-1/training/main"].launcher
    assert Path(launcher[launcher.index("--config_file") + 1]).is_file()


def test_the_machine_is_no_other_setting(tmp_path: Path) -> None:
    before = by_name(plan(recipe(tmp_path)))
    after = by_name(
        plan(recipe(tmp_path, "[machine]\ngpus = 8\nin_flight = 9\n[server]\nport = 9\n"))
    )
    assert {name: step.digest for name, step in before.items()} == {
        name: step.digest for name, step in after.items()
    }
    assert after["round-1/synthesis/main"].machine["in_flight"] == 9


def test_a_second_round_may_evolve_the_first_and_train_further(tmp_path: Path) -> None:
    more = """
[[round]]
number = 2
train = "previous"
after_synthesis = true
[round.synthesis]
recipe = "evol-instruct"
"""
    text = RECIPE.replace("billions = 15", 'teacher = "http://127.0.0.1:1/v1"')
    found = by_name(plan(recipe(tmp_path, more, text)))
    second = found["round-2/synthesis/main"]
    assert second.inputs["input"] == "round-1/selection/main/selected.jsonl"
    assert second.settings["recipe"] == "evol-instruct"
    assert second.settings["model"] == "http://127.0.0.1:1/v1"
    assert second.after == ("round-1/selection/main",)
    training = found["round-2/training/main"]
    assert training.inputs["model"] == "round-1/training/main/model"
    assert training.after == ("round-2/dataset/main", "round-1/training/main")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[[round]]\nnumber = 3\n", "round 3 of 2"),
        ('[[round]]\nnumber = 1\ntrain = "previous"\n', "no round before"),
    ],
)
def test_a_round_that_cannot_be_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        recipe(tmp_path, more)
