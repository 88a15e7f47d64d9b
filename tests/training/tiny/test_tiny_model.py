"""The tiny model for real: made, read back, made again."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.training.tiny import prompts
from veristone.training.tiny.model import SMALL, make_tiny_model
from veristone.training.tiny.tasks import sample_tasks

pytestmark = [
    pytest.mark.models,
    # Torch and transformers warn of their own future; that is not ours to mend.
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(600),
]
FEW = replace(SMALL, documents=200, steps=4)


@pytest.fixture(autouse=True)
def _torch() -> None:
    pytest.importorskip("torch", reason="torch is not installed: make test-models")
    pytest.importorskip("transformers", reason="transformers is not installed: make test-models")


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_seed_gives_the_same_files_again(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        make_tiny_model(tmp_path / name, preset=FEW, seed=seed)
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "again")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "one", "other"]


def test_it_is_an_ordinary_starcoder2_that_learns(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    folder = make_tiny_model(tmp_path / "tiny", preset=SMALL)
    assert (folder / "model.safetensors").exists()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert model.config.architectures == ["Starcoder2ForCausalLM"]
    assert 50_000 < model.num_parameters() < 700_000
    # What it was taught is likelier than the same words in another order.
    learnt, other = (
        model(**(batch := tokenizer(text, return_tensors="pt")), labels=batch.input_ids).loss
        for text in ("```python\ndef amber_fox(s):\n", "```python\ns(amber_fox):def\n")
    )
    assert learnt < 0.6 * other
    for text in ("x = 'ä \N{PILE OF POO}'\n\n\t", "### Response\n```python\ndef f(): return 10\n"):
        assert tokenizer.decode(tokenizer(text).input_ids) == text
    instruction = sample_tasks(0, 1, "align")[0].instruction
    assert prompts.solution_prompt(instruction) == tokenizer.apply_chat_template(
        [{"role": "user", "content": instruction}], tokenize=False, add_generation_prompt=True
    )


def test_no_folder_is_overwritten(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        make_tiny_model(full, preset=FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
