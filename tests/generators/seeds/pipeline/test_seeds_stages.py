"""How a recipe is cut into stages, and parts into groups."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.seeds.pipeline.recipe import Recipe, load_recipe
from veristone.generators.seeds.pipeline.stages import group, stages
from veristone.settings import checked, names_in

OURS = Path(__file__).parents[4] / "generators/seeds/recipes"


def names(*kinds: str) -> list[str]:
    recipe = checked(Recipe, {"steps": [{"kind": kind} for kind in kinds]}, "test")
    return [stage.name for stage in stages(recipe, {})]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), ["1-mine"]),
        (("length",), ["1-mine", "2-length"]),
        (("length", "returns"), ["1-mine", "2-filters"]),
        (
            ("exact_duplicates", "length", "returns", "near_duplicates"),
            ["1-mine", "2-exact_duplicates", "3-filters", "4-near_duplicates"],
        ),
        (
            ("length", "returns", "pyright", "text"),
            ["1-mine", "2-filters", "3-pyright", "4-text"],
        ),
        (
            ("exact_duplicates", "near_duplicates", "docstring_judge", "length"),
            ["1-mine", "2-exact_duplicates", "3-near_duplicates", "4-docstring_judge", "5-length"],
        ),
    ],
)
def test_neighbouring_filters_share_a_stage(kinds: tuple[str, ...], expected: list[str]) -> None:
    assert names(*kinds) == expected


def digests(settings: dict[str, object], versions: dict[str, str] | None = None) -> list[str]:
    return [stage.digest for stage in stages(checked(Recipe, settings, "test"), versions or {})]


def test_a_changed_setting_changes_its_stage_and_all_behind_it() -> None:
    steps: list[dict[str, object]] = [
        {"kind": "exact_duplicates"},
        {"kind": "length"},
        {"kind": "near_duplicates"},
    ]
    before = digests({"steps": steps})
    steps[1] = {"kind": "length", "max_lines": 7}
    after = digests({"steps": steps})
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, False]


def test_a_new_version_of_a_tool_changes_everything() -> None:
    assert digests({}, {"pyright": "1"}) != digests({}, {"pyright": "2"})


@pytest.mark.parametrize(
    ("sizes", "size", "expected"),
    [
        ([], 10, []),
        ([0], 10, [(0, 1)]),
        ([0, 0], 10, [(0, 2)]),
        ([10, 10], 10, [(0, 1), (1, 2)]),
        ([4, 4, 4, 4], 10, [(0, 3), (3, 4)]),
        ([25, 1], 10, [(0, 1), (1, 2)]),
        ([10, 0, 0], 10, [(0, 1)]),
    ],
)
def test_group(sizes: list[int], size: int, expected: list[tuple[int, int]]) -> None:
    assert group(sizes, size) == expected


@given(st.lists(st.integers(0, 30)), st.integers(1, 20))
def test_every_seed_is_in_one_group(sizes: list[int], size: int) -> None:
    groups = group(sizes, size)
    assert sum(sum(sizes[begin:end]) for begin, end in groups) == sum(sizes)
    assert all(a[1] == b[0] for a, b in pairwise(groups))
    assert all(sum(sizes[begin:end]) >= size for begin, end in groups[:-1])


@pytest.mark.parametrize("name", names_in(OURS))
def test_recipes_that_come_with_veristone_are_right(name: str) -> None:
    recipe = checked(Recipe, load_recipe(name), name)
    assert len(stages(recipe, {})) > 2


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"stesp": []}, "stesp"),
        ({"steps": [{"kind": "no_such"}]}, "no_such"),
        ({"steps": [{"kind": "length", "max_lines": -1}]}, "max_lines"),
        ({"steps": [{"kind": "length", "lines": 5}]}, "lines"),
    ],
)
def test_a_wrong_recipe_is_explained(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        checked(Recipe, settings, "recipe.toml")


def test_a_recipe_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no such file.*starcoder2"):
        load_recipe("nothing.toml")
