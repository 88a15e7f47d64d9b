"""Recipes: read from a folder, frozen as JSON, and refused with the place of what is wrong."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from veristone import ConfigError
from veristone.generators.synthesis.recipe import Recipe, builtin_recipes, load_recipe
from veristone.settings import checked

EXAMPLE = "# Snippet\n\nx = 1\n\n# Concepts\n\nassignment\n\n# Instruction\n\nAssign one to x.\n"
RECIPE = """
name = "mine"
examples = "shots"
random_seed = 7
[input]
kind = "seeds"
[[stages]]
kind = "concepts"
template = "c.jinja"
shots = 1
[stages.sampling]
stop = ["## Example"]
[[stages]]
kind = "instructions"
template = "i.chat.jinja"
shots = 0
[stages.properties]
difficulties = {easy = 1, hard = 2}
[[stages]]
kind = "evolve"
template = "e.jinja"
shots = 0
[[stages.methods]]
name = "harder"
text = "Make it harder."
[[stages]]
kind = "evolve"
template = "e.jinja"
shots = 0
methods = [{name = "harder"}]
[verify]
cpu_s = 3.5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "01-one.md").write_text(EXAMPLE)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "c.jinja").write_text(
        "{% for s in shots %}{{ s.snippet }}{% endfor %}{{ seed_code }}"
    )
    (tmp_path / "i.chat.jinja").write_text(
        "=== user\n{{ concepts | join(', ') }} {{ difficulty }}\n"
    )
    (tmp_path / "e.jinja").write_text("{{ method }} {{ instruction }}\n")
    return tmp_path


def minimal(**changes: Any) -> dict[str, Any]:
    stage = {
        "kind": "concepts",
        "shots": 0,
        "template": {"name": "c.jinja", "text": "{{ seed_code }}"},
    }
    return {
        "input": {"kind": "seeds"},
        "stages": [{**stage, **changes.pop("stage", {})}],
        **changes,
    }


def test_a_recipe_of_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (str(folder), str(folder / "recipe.toml")):
        recipe = checked(Recipe, load_recipe(name), name)
        assert [stage.name for stage in recipe.stages] == [
            *("concepts", "instructions"),
            *("evolve", "evolve-2"),
        ]
    assert recipe.random_seed == 7
    assert recipe.verify.limits.cpu_s == 3.5
    assert recipe.examples[0].name == "01-one"
    monkeypatch.chdir(folder.parent)
    assert load_recipe(folder.name) == load_recipe(str(folder))


def test_a_frozen_recipe_needs_no_files(folder: Path) -> None:
    settings = load_recipe(str(folder))
    for path in (folder / "c.jinja", folder / "shots" / "01-one.md", folder / "recipe.toml"):
        path.unlink()
    frozen = json.loads(json.dumps(settings))
    recipe = checked(Recipe, frozen, "x")
    assert checked(Recipe, json.loads(recipe.model_dump_json()), "x") == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe


@pytest.mark.parametrize("name", builtin_recipes())
def test_the_recipes_that_come_along(name: str) -> None:
    recipe = checked(Recipe, load_recipe(name), name)
    assert recipe.name
    assert recipe.stages


def test_a_template_of_ours_may_be_used(folder: Path) -> None:
    ours = next(iter(builtin_recipes()))
    file = next((Path(__file__).parents[3] / "generators/synthesis/recipes" / ours).glob("*.jinja"))
    text = RECIPE.replace('"c.jinja"', f'"{ours}/{file.name}"')
    (folder / "recipe.toml").write_text(text)
    assert load_recipe(str(folder))["stages"][0]["template"]["text"] == file.read_text()


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "no recipe of ours"), ("nowhere/recipe.toml", "no such file")],
)
def test_a_recipe_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_recipe(name)


def test_files_that_are_wrong(folder: Path) -> None:
    (folder / "recipe.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="Invalid value"):
        load_recipe(str(folder))
    (folder / "recipe.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_recipe(str(folder))
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "c.jinja").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"template c\.jinja"):
        load_recipe(str(folder))
    (folder / "c.jinja").unlink()
    with pytest.raises(ConfigError, match=r"template c\.jinja: no such file"):
        load_recipe(str(folder))
    (folder / "recipe.toml").write_text(RECIPE.replace('"shots"', '"shotz"'))
    with pytest.raises(ConfigError, match="examples 'shotz'"):
        load_recipe(str(folder))


@pytest.mark.parametrize(
    ("settings", "place", "message"),
    [
        (minimal(inputs={}), "inputs", "there is no such setting"),
        (minimal(stage={"kind": "nonsense"}), "stages.0", "nonsense"),
        (minimal(stage={"shot": 1}), "stages.0.concepts.shot", "there is no such setting"),
        (minimal(stage={"shots": -1}), "stages.0.concepts.shots", "greater"),
        (minimal(stage={"sampling": {"n": 0}}), "stages.0.concepts.sampling.n", "greater"),
        (minimal(stage={"sampling": {"stop": [""]}}), "sampling.stop.0", "at least 1"),
        (minimal(stage={"permit": ["nothing"]}), "permit.0", "Input should be"),
        (minimal(stages=[]), "stages", "at least 1"),
        (minimal(input={"kind": "files"}), "input", "files"),
        (minimal(input={"kind": "draws", "count": 0}), "input.draws.count", "greater"),
        (minimal(input={"kind": "seeds", "language": "klingon"}), "language", "klingon"),
        (minimal(input={"kind": "draws", "count": 1}), "", "shows 'seed_code'"),
        (minimal(stage={"shots": 2}), "", "shows 2 examples, and of 0 only 0"),
        *(
            (minimal(stage={"name": name}), "", f"stage name '{name}'")
            for name in ("a/b", "..", "verify", "x" * 65)
        ),
        (minimal(verify={"cpu_s": 1e9}), "verify", "limits.cpu_s"),
        (minimal(verify={"cpu_s": 0}), "verify.cpu_s", "greater"),
        (minimal(examples=[{"name": "a"}, {"name": "a"}]), "", "two examples"),
        (
            minimal(stage={"properties": {"difficulties": {"brutal": 1}}}),
            "difficulties",
            "Input should be",
        ),
        (minimal(stage={"properties": {"languages": {"x": 1}}}), "languages", "no language 'x'"),
        (minimal(stage={"properties": {"categories": {"class": 0}}}), "categories", "all weights"),
        (minimal(stage={"template": {"name": "a.jinja", "text": "{{ seed"}}), "", "line 1"),
        (minimal(stage={"template": {"name": "a.jinja", "text": "{{ sead }}"}}), "", "'sead'"),
        (minimal(stage={"template": {"name": "a.jinja", "text": " "}}), "", "empty"),
        (
            minimal(stage={"template": {"name": "a.chat.jinja", "text": "{{ seed_code }}"}}),
            "",
            "no line '=== user'",
        ),
        (
            minimal(stage={"template": {"name": "a.chat.jinja", "text": "=== robot\nx"}}),
            "",
            "role 'robot'",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    settings: dict[str, Any], place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(Recipe, settings, "recipe")
    text = str(caught.value)
    assert text.startswith("recipe: ")
    assert place in text
    assert message in text


def test_stages_of_one_name_are_numbered() -> None:
    stage = minimal()["stages"][0]
    stages = [stage, {**stage, "name": "concepts-2"}, stage, {**stage, "name": "same"}]
    recipe = checked(Recipe, {**minimal(), "stages": stages}, "x")
    names = ["concepts", "concepts-2", "concepts-3", "same"]
    assert [one.name for one in recipe.stages] == names
    frozen = recipe.model_dump(mode="json")
    assert [one.name for one in checked(Recipe, frozen, "x").stages] == names


def test_the_examples_must_have_what_a_stage_shows() -> None:
    examples = [{"name": "a", "snippet": "x"}, {"name": "b", "snippet": "x", "concepts": ["y"]}]
    recipe = checked(Recipe, minimal(examples=examples, stage={"shots": 1}), "x")
    assert [example.name for example in recipe.stages[0].examples] == ["b"]
    with pytest.raises(ConfigError, match="of 2 only 1 have all of: snippet, concepts"):
        checked(Recipe, minimal(examples=examples, stage={"shots": 2}), "x")


def test_settings_of_another_form() -> None:
    for wrong in ({"stages": 3}, {"stages": [3]}, {"stages": [{}]}, {}):
        with pytest.raises(ConfigError):
            checked(Recipe, wrong, "x")
    assert isinstance(checked(Recipe, minimal(), "x"), Recipe)
