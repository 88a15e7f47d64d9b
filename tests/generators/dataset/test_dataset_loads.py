"""The dataset in other people's hands: `datasets` loads it, TRL trains on it unchanged."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from dataset_selections import render, selected, write_selection

from veristone.generators.dataset.rows import CONFIGS
from veristone.generators.dataset.write import write_dataset

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore")]
os.environ.setdefault("OMP_NUM_THREADS", "1")


def needed(name: str) -> Any:
    """A package that the test needs; skip where it is not there."""
    pytest.importorskip(name, reason=f"{name} is not installed: make test-models")
    return import_module(name)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset on disk, with every configuration and both splits."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    write_selection(tmp_path / "s", [selected(f"g{n}/0") for n in range(16)])
    write_dataset(tmp_path / "s", tmp_path / "out", render, validation=0.3)
    return tmp_path / "out"


def load(out: Path, config: str) -> Any:
    datasets = needed("datasets")
    return datasets.load_dataset(str(out), config, cache_dir=str(out.parent / "cache"))


@pytest.mark.parametrize("config", list(CONFIGS))
def test_every_configuration_loads(out: Path, config: str) -> None:
    found = load(out, config)
    assert set(found) == {"train", "validation"}
    assert found["train"].column_names == list(CONFIGS[config])
    assert len(found["train"]) + len(found["validation"]) == 16 * (2 if config == "kto" else 1)


def tiny(folder: Path) -> tuple[str, Any]:
    """The folder of a StarCoder2 of two layers with random weights, and a tokenizer of bytes."""
    torch, transformers = needed("torch"), needed("transformers")
    tokenizers = needed("tokenizers")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {char: at for at, char in enumerate(sorted(alphabet))}
    core = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, []))
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<eos>", pad_token="<pad>"
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    )
    config = transformers.Starcoder2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    # DPO reads its reference model from where the model came from.
    transformers.Starcoder2ForCausalLM(config).save_pretrained(folder)
    return str(folder), tokenizer


def step(trainer: str, rows: Any, folder: Path) -> float:
    """Train for one step; return the loss."""
    trl = needed("trl")
    model, tokenizer = tiny(folder / "model")
    arguments = getattr(trl, f"{trainer}Config")(
        output_dir=str(folder),
        max_steps=1,
        per_device_train_batch_size=2,
        report_to="none",
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        max_length=256,
    )
    made = getattr(trl, f"{trainer}Trainer")(
        model=model, args=arguments, train_dataset=rows, processing_class=tokenizer
    )
    return float(made.train().training_loss)


@pytest.mark.parametrize("config", ["default", "messages", "repairs"])
def test_trl_tunes_on_it(out: Path, tmp_path: Path, config: str) -> None:
    needed("trl")
    loss = step("SFT", load(out, config)["train"], tmp_path / "run")
    assert 0 < loss < 20


def test_trl_learns_from_labels(out: Path, tmp_path: Path) -> None:
    needed("trl")
    loss = step("KTO", load(out, "kto")["train"], tmp_path / "run")
    assert 0 < loss < 20


def test_trl_prefers_by_it(out: Path, tmp_path: Path) -> None:
    needed("trl")
    loss = step("DPO", load(out, "preferences")["train"], tmp_path / "run")
    assert 0 < loss < 20
