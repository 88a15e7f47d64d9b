"""What is learnt and how it is counted: exact comparisons on a real model."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from finetune_models import rows_of, settings_for, write_jsonl

from veristone.training.finetune.template import load_template

pytestmark = [
    pytest.mark.models,
    # What torch and transformers say about themselves is theirs to mend.
    pytest.mark.filterwarnings("default"),
]


def trained(base: Path, data: Path, folder: Path, **changes: Any) -> dict[str, Any]:
    """Train and return the weights."""
    from veristone.training.finetune.trainer import train

    train(settings_for(data, base, **changes), folder)
    return weights(folder / "model")


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    return load_file(folder / "model.safetensors")


def close(one: dict[str, Any], other: dict[str, Any], tolerance: float = 1e-6) -> bool:
    return one.keys() == other.keys() and all(
        (one[name] - other[name]).abs().max() <= tolerance for name in one
    )


ONE_STEP: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "max_steps": 1,
    "batch_size": 8,
    "device_batch_size": 8,
}


def load(base: Path, rows: Path, **changes: Any) -> tuple[Any, Any, Any]:
    """The model in training mode, a padded batch of 8 and the prepared data."""
    from veristone.training.finetune.collate import Padded
    from veristone.training.finetune.data import prepare
    from veristone.training.finetune.loading import load_model
    from veristone.training.finetune.tokenizer import load_tokenizer

    settings = settings_for(rows, base, **changes)
    template = load_template(settings.template)
    ready = load_tokenizer(settings.model, None, settings.bos, template)
    prepared = prepare(settings, template, ready.tokenizer, bos=ready.bos)
    model = load_model(settings, ready.tokenizer).train()
    return model, Padded(ready.tokenizer.pad_token_id)(prepared.train[:8]), prepared


@pytest.mark.parametrize("on_device", [1, 2, 4])
def test_accumulation_is_the_same_as_one_batch(
    base: Path, rows: Path, tmp_path: Path, on_device: int
) -> None:
    whole = trained(base, rows, tmp_path / "whole", **ONE_STEP)
    changes = {**ONE_STEP, "device_batch_size": on_device}
    cut = trained(base, rows, tmp_path / "cut", **changes)
    assert close(whole, cut)
    assert not close(whole, weights(base), 1e-3), "the step changes the weights"


def test_a_mean_of_means_would_be_another_step(base: Path, rows: Path) -> None:
    """The test above can fail: the originals' way of averaging gives another gradient."""
    import torch  # pyright: ignore[reportMissingImports]

    from veristone.training.finetune.loop import token_mean

    model, batch, _ = load(base, rows)
    labels = batch.pop("labels")
    logits = model(**batch).logits
    counts = (labels[:, 1:] != -100).sum(dim=1)
    assert counts.min() < counts.max()
    by_token = token_mean({"logits": logits}, labels, counts.sum())
    means = [
        token_mean({"logits": logits[number : number + 1]}, labels[number : number + 1], count)
        for number, count in enumerate(counts)
    ]
    assert (torch.stack(means).mean() - by_token).abs() > 1e-4


def test_the_loss_is_that_of_transformers(base: Path, rows: Path) -> None:
    from veristone.training.finetune.loop import token_mean

    model, batch, _ = load(base, rows)
    labels = batch["labels"]
    outputs = model(**batch)
    ours = token_mean(outputs, labels, (labels[:, 1:] != -100).sum())
    assert ours.item() == pytest.approx(outputs.loss.item(), abs=1e-6)


def test_only_completions_and_their_eos_have_a_gradient(base: Path, rows: Path) -> None:
    from veristone.training.finetune.loop import token_mean

    model, batch, prepared = load(base, rows)
    labels = batch.pop("labels")
    logits = model(**batch).logits
    logits.retain_grad()
    token_mean({"logits": logits}, labels, 1).backward()
    counts = logits.grad.abs().sum(dim=-1) > 0
    for number, (sample,) in enumerate(prepared.train[:8]):
        # The logits at a place predict the next one: the first learnt token is predicted at the
        # last of the prompt, EOS at the last of the completion, and padding nowhere.
        learnt = range(sample.given - 1, len(sample.ids) - 1)
        assert counts[number].nonzero().flatten().tolist() == list(learnt)
        assert sample.ids[-1] == labels[number][len(sample.ids) - 1] == 0  # <|endoftext|>


def test_other_words_in_a_prompt_are_not_learnt_by_themselves(base: Path, tmp_path: Path) -> None:
    """With every completion the same, a loss on prompts would see which words they have."""
    import torch  # pyright: ignore[reportMissingImports]

    _, batch, _ = load(base, write_jsonl(tmp_path / "r.jsonl", rows_of(8)))
    assert torch.equal(batch["labels"] == -100, ~_learnt(batch, base))


def _learnt(batch: dict[str, Any], base: Path) -> Any:
    """Where the completion stands, found by text alone."""
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]

    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    mask = torch.zeros_like(batch["input_ids"], dtype=torch.bool)
    for number, ids in enumerate(batch["input_ids"].tolist()):
        length = int(batch["attention_mask"][number].sum())
        start = next(end for end in range(length) if tokenizer.decode(ids[:end]).endswith("\nA:\n"))
        mask[number, start:length] = True
    return mask


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_is_the_same_as_unpacked(
    base: Path, rows: Path, tmp_path: Path, attention: str
) -> None:
    """Samples of a row see neither each other nor wrong positions."""
    changes = {**ONE_STEP, "batch_size": 48, "device_batch_size": 48, "attention": attention}
    plain = trained(base, rows, tmp_path / "plain", **changes)
    packed = trained(base, rows, tmp_path / "packed", **changes, packing=True)
    assert close(plain, packed)
    rows_a_pack = trained(
        base, rows, tmp_path / "one", **{**changes, "device_batch_size": 1}, packing=True
    )
    assert close(plain, rows_a_pack)


def test_without_positions_packed_samples_would_see_each_other(base: Path, rows: Path) -> None:
    """The test above can fail."""
    from veristone.training.finetune.collate import Packed

    model, _, prepared = load(base, rows)
    batch = Packed()([(prepared.train[0][0], prepared.train[1][0])])
    right = model(**batch).loss.item()
    del batch["position_ids"]
    assert abs(model(**batch).loss.item() - right) > 1e-5


def test_gradient_checkpointing_changes_nothing(base: Path, rows: Path, tmp_path: Path) -> None:
    plain = trained(base, rows, tmp_path / "plain")
    saved = trained(base, rows, tmp_path / "saved", gradient_checkpointing=True)
    assert close(plain, saved)


def test_the_bases_dropout_is_off_unless_asked_for(base: Path, rows: Path) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    model, batch, _ = load(base, rows)
    assert model.training
    assert torch.equal(model(**batch).logits, model(**batch).logits)
    model, batch, _ = load(base, rows, dropout=0.1)
    assert not torch.equal(model(**batch).logits, model(**batch).logits)


def test_every_familys_dropout_is_found() -> None:
    transformers = pytest.importorskip(
        "transformers", reason="transformers is not installed: make test-models"
    )
    pytest.importorskip("torch", reason="torch is not installed: make test-models")
    from veristone.training.finetune.loading import set_dropout

    for kind, expected in [
        ("Starcoder2Config", ["attention_dropout", "embedding_dropout", "residual_dropout"]),
        ("GPT2Config", ["attn_pdrop", "embd_pdrop", "resid_pdrop", "summary_first_dropout"]),
        ("LlamaConfig", ["attention_dropout"]),
        ("Qwen2Config", ["attention_dropout"]),
    ]:
        config = getattr(transformers, kind)()
        assert set_dropout(config, 0.25) == expected
        assert all(getattr(config, name) == 0.25 for name in expected)


def test_the_evaluations_loss_is_a_mean_over_tokens(base: Path, rows: Path, tmp_path: Path) -> None:
    from veristone.training.finetune.journal import read_journal

    found: list[float] = []
    for on_device in (1, 4):
        folder = tmp_path / str(on_device)
        trained(base, rows, folder, eval_fraction=0.3, device_batch_size=on_device)
        journal = read_journal(folder / "training.json")
        assert journal is not None
        assert journal.evaluations[-1].tokens > 0
        found.append(journal.evaluations[-1].loss)
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_it_learns_and_ends_its_answers(base: Path, rows: Path, tmp_path: Path) -> None:
    import transformers  # pyright: ignore[reportMissingImports]

    from veristone.training.finetune.trainer import train

    settings = settings_for(
        rows, base, max_steps=250, batch_size=16, device_batch_size=16, learning_rate=5e-3
    )
    outcome = train(settings, tmp_path / "run")
    losses = [step.loss for step in outcome.journal.steps]
    assert losses[-1] < 0.2 * losses[0]
    assert [step.step for step in outcome.journal.steps] == list(range(1, 251))
    assert all(a.tokens < b.tokens for a, b in pairwise(outcome.journal.steps))

    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "run/model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "run/model")
    right = 0
    for row in rows_of(12):
        messages = [{"role": "user", "content": row["instruction"]}]
        prompt = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        answer = model.generate(**prompt, max_new_tokens=60, do_sample=False)[0]
        answer = answer[prompt["input_ids"].shape[1] :].tolist()
        assert answer[-1] == tokenizer.eos_token_id, "it stops by itself"
        right += tokenizer.decode(answer[:-1]) == row["response"]
    assert right >= 9
