"""Our graders in OpenEnv's own registry, over a package with an oracle and canaries."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts import host
from served import served

from veristone import Client

pytestmark = [pytest.mark.hosts, pytest.mark.bubblewrap, pytest.mark.slow]
CHECK = {"kind": "asserts", "tests": "assert f(1) == 2\nassert f(3) == 4"}
GOLD = {"id": "gold", "code": "def f(x):\n    return x + 1\n", "check": CHECK}
YAML = """
name: tasks
version: "1"
validation:
  reward: {floor_margin: 0.5}
  resources: {cpu: 1, memory_mb: 512, disk_mb: 512, episode_timeout_s: 60}
  capabilities:
    verifier: {kind: reward_channel}
    oracle: {form: script, location: oracle.jsonl}
    canaries: canaries.jsonl
  types: {tags: [code]}
"""


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    """A service that the environment names."""
    with served("--sandboxes", "1") as (url, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERISTONE_URL", url)
        yield


def graded(
    folder: Path, oracle: list[Any], canaries: list[Any], graders: Any = None
) -> dict[str, Any]:
    """Return the result of each check of a package, as openenv 0.10.0 runs graders."""
    validation = host("openenv.validation")
    scheduler = host("openenv.validation.runtime.scheduler")
    parser = host("openenv.validation.parsers.openenv_yaml").OpenEnvYamlParser()
    (folder / "openenv.yaml").write_text(YAML)
    for name, rows in (("oracle", oracle), ("canaries", canaries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    registry = validation.GraderRegistry()
    if graders is None:
        assert registry.load_entry_points() == 4
    for each in graders or ():
        registry.register(each)
    manifest = parser.parse(folder)
    chosen = registry.select(manifest, validation.Level.SEMANTIC)
    subject = validation.Subject(
        root=folder, manifest=manifest, image_ref=None, running=None, outputs_dir=folder
    )
    found = scheduler.execute_graders(chosen, subject)
    return {result.check_id: result for result in found}


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {name.removeprefix("semantic."): str(one.status.value) for name, one in found.items()}


def test_a_sound_package_passes(tmp_path: Path) -> None:
    canary = GOLD | {"id": "canary", "code": "import os\nos._exit(0)"}
    found = graded(tmp_path, [GOLD], [canary])
    assert statuses(found) == {
        "oracle_max": "pass",
        "floor_gap": "pass",
        "canary_floor": "pass",
        "verifier_determinism": "pass",
    }
    assert found["semantic.oracle_max"].measured == {"solutions": 1, "oracle_reward": 1.0}


def test_what_is_wrong_with_a_package_is_named(tmp_path: Path) -> None:
    vacuous = GOLD | {"id": "vacuous", "check": {"kind": "asserts", "tests": "assert callable(f)"}}
    found = graded(tmp_path, [vacuous], [GOLD])
    assert statuses(found)["floor_gap"] == "fail"
    assert "vacuous: passes where every function returns" in str(found["semantic.floor_gap"])
    assert statuses(found)["canary_floor"] == "fail"
    wrong = GOLD | {"id": "wrong", "code": "def f(x): return x"}
    found = graded(tmp_path, [GOLD, wrong], [wrong])
    assert statuses(found)["oracle_max"] == "fail"
    assert "wrong: assertion_failed" in str(found["semantic.oracle_max"])
    # What the gold solutions do not earn says nothing about the floor.
    assert statuses(found)["floor_gap"] == "skip"


def test_without_a_verdict_a_check_is_neither_passed_nor_failed(tmp_path: Path) -> None:
    host("openenv.validation")
    from veristone.integrations.openenv_graders import OracleMax

    away = OracleMax(lambda: Client("http://127.0.0.1:9", deadline_s=0.2))
    found = graded(tmp_path, [GOLD], [GOLD], [away])
    assert statuses(found) == {"oracle_max": "error"}
    assert "no verdict" in str(found["semantic.oracle_max"])


@pytest.mark.parametrize("location", ["../elsewhere.jsonl", "nothing.jsonl", "openenv.yaml"])
def test_files_that_are_no_samples_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "elsewhere.jsonl").write_text(json.dumps(GOLD))
    named = YAML.replace("canaries: canaries.jsonl", f"canaries: {location}")
    monkeypatch.setitem(globals(), "YAML", named)
    found = graded(tmp_path / "package", [GOLD], [GOLD])
    assert statuses(found)["canary_floor"] == "error"
