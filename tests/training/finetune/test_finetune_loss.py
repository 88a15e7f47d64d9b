"""What is learnt and how it is counted: exact comparisons on a real model."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from finetune_models import rows_of, settings_for

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


def load(base: Path, rows: Path, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """A trainer and its first batch of 8, as it learns from it."""
    from veristone.training.finetune import trainer as module
    from veristone.training.finetune.data import count_rows, prepare
    from veristone.training.finetune.plan import plan_steps
    from veristone.training.finetune.tokenizer import load_tokenizer

    settings = settings_for(rows, base, **{"batch_size": 8, "device_batch_size": 8, **changes})
    template = load_template(settings.template)
    ready = load_tokenizer(settings.model, None, settings.bos, template)
    prepared = prepare(settings, template, ready.tokenizer, bos=ready.bos)
    plan = plan_steps(settings, count_rows(prepared.train, settings), 1)
    arguments = module.training_arguments(settings, plan, str(rows.parent), evaluates=False)
    trainer = module._trainer(settings, arguments, ready.tokenizer, prepared)
    trainer.model.train()
    return trainer, next(iter(trainer.get_train_dataloader()))


@pytest.mark.parametrize("on_device", [1, 2, 4])
def test_accumulation_is_the_same_as_one_batch(
    base: Path, rows: Path, tmp_path: Path, on_device: int
) -> None:
    whole = trained(base, rows, tmp_path / "whole", **ONE_STEP)
    changes = {**ONE_STEP, "device_batch_size": on_device}
    cut = trained(base, rows, tmp_path / "cut", **changes)
    assert close(whole, cut)
    assert not close(whole, weights(base), 1e-3), "the step changes the weights"


def token_losses(trainer: Any, batch: dict[str, Any]) -> tuple[Any, Any]:
    """By hand: each learnt token's loss, and the row that it is in."""
    import torch  # pyright: ignore[reportMissingImports]

    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    logits = trainer.model(**inputs).logits[:, :-1].float()
    labels = batch["labels"][:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="none"
    ).view_as(labels)
    learnt = labels != -100
    return losses[learnt], learnt.nonzero()[:, 0]


def test_the_loss_is_one_mean_over_the_learnt_tokens_of_the_whole_batch(
    base: Path, rows: Path
) -> None:
    """Summed over micro-batches; a mean of the means of samples would be another number."""
    import torch  # pyright: ignore[reportMissingImports]

    trainer, batch = load(base, rows)
    losses, owners = token_losses(trainer, batch)
    whole = trainer.compute_loss(trainer.model, dict(batch))
    assert whole.item() == pytest.approx(losses.mean().item(), abs=1e-6)
    count = torch.tensor(len(losses))
    cut = [
        trainer.compute_loss(
            trainer.model,
            {name: value[at : at + 2] for name, value in batch.items()},
            num_items_in_batch=count,
        ).item()
        for at in range(0, 8, 2)
    ]
    assert sum(cut) == pytest.approx(whole.item(), abs=1e-6)
    means = torch.stack([losses[owners == row].mean() for row in range(8)])
    assert abs(means.mean().item() - whole.item()) > 1e-4, "the test can fail"


def test_only_completions_and_their_eos_are_learnt(base: Path, rows: Path) -> None:
    """Found by text alone: what stands behind the template's last line."""
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]

    _, batch = load(base, rows)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    learnt = torch.zeros_like(batch["input_ids"], dtype=torch.bool)
    for number, ids in enumerate(batch["input_ids"].tolist()):
        length = int(batch["attention_mask"][number].sum())
        start = next(end for end in range(length) if tokenizer.decode(ids[:end]).endswith("\nA:\n"))
        learnt[number, start:length] = True
        assert ids[length - 1] == tokenizer.eos_token_id
    assert torch.equal(batch["labels"] == -100, ~learnt)
    assert torch.equal(batch["labels"][learnt], batch["input_ids"][learnt])


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
    trainer, batch = load(base, rows, packing=True, batch_size=1, device_batch_size=1)
    right = trainer.model(input_ids=batch["input_ids"], position_ids=batch["position_ids"])
    wrong = trainer.model(input_ids=batch["input_ids"])
    assert (batch["position_ids"] == 0).sum() > 1
    assert (right.logits - wrong.logits).abs().max() > 1e-5


def test_gradient_checkpointing_changes_nothing(base: Path, rows: Path, tmp_path: Path) -> None:
    plain = trained(base, rows, tmp_path / "plain")
    saved = trained(base, rows, tmp_path / "saved", gradient_checkpointing=True)
    assert close(plain, saved)


def test_the_bases_dropout_is_off_unless_asked_for(base: Path, rows: Path) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    for dropout in (0.0, 0.1):
        trainer, batch = load(base, rows, dropout=dropout)
        assert trainer.model.training
        one, other = (trainer.model(input_ids=batch["input_ids"]).logits for _ in range(2))
        assert torch.equal(one, other) == (dropout == 0)


def test_every_familys_dropout_is_found() -> None:
    transformers = pytest.importorskip(
        "transformers", reason="transformers is not installed: make test-models"
    )
    pytest.importorskip("torch", reason="torch is not installed: make test-models")
    from veristone.training.finetune.model import set_dropout

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
