"""Runs in a folder: killed, interrupted, repeated; adapters; what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from finetune_models import rows_of, settings_for, write_jsonl
from test_finetune_loss import close, trained, weights

from veristone import ConfigError
from veristone.training.finetune.journal import Journal, read_journal
from veristone.training.finetune.template import load_template

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).resolve().parents[3]
LONG = {"max_steps": 30, "save_steps": 7, "dropout": 0.1, "eval_fraction": 0.2}


def journal_of(folder: Path) -> Journal:
    found = read_journal(folder / "training.json")
    assert found is not None
    return found


def command(base: Path, rows: Path, folder: Path, *more: str, **changes: Any) -> list[str]:
    """`veristone train` with the same settings as `settings_for`."""
    settings = settings_for(rows, base, **changes).model_dump(mode="json")
    recipe = folder.parent / f"{folder.name}.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if value is not None]
    recipe.write_text("\n".join(lines))
    return [sys.executable, "-m", "veristone", "train", str(recipe), "-o", str(folder), *more]


def start(arguments: list[str], **more: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **more}
    return subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_for(what: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(
    base: Path, rows: Path, tmp_path: Path
) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    from veristone.training.finetune.trainer import train

    quiet = trained(base, rows, tmp_path / "quiet", **LONG)
    folder = tmp_path / "killed"
    arguments = command(base, rows, folder, **LONG)
    for name in ("checkpoint-7", "checkpoint-21"):
        process = start(arguments)
        state = folder / "checkpoints" / name / "trainer_state.json"
        wait_for(lambda at=state: at.exists() and at.read_text().endswith("}\n"), process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        assert not (folder / "model").exists()
    # As a kill in the middle of writing would leave it.
    broken = folder / "checkpoints/checkpoint-28"
    broken.mkdir(exist_ok=True)
    (broken / "trainer_state.json").write_text('{"half": ')
    (broken / "model.safetensors").write_bytes(b"half")

    assert train(settings_for(rows, base, **LONG), folder).finished
    found = weights(folder / "model")
    assert all(torch.equal(found[name], quiet[name]) for name in quiet)

    one, other = journal_of(tmp_path / "quiet"), journal_of(folder)
    assert [step.loss for step in one.steps] == [step.loss for step in other.steps]
    assert [step.tokens for step in one.steps] == [step.tokens for step in other.steps]
    assert one.evaluations == other.evaluations
    assert [attempt.from_step for attempt in other.attempts][:2] == [0, 7]
    assert other.state == "finished"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on(base: Path, rows: Path, tmp_path: Path, number: int) -> None:
    from veristone.training.finetune.trainer import Hooks, train

    folder = tmp_path / "run"
    changes = {**LONG, "max_steps": 3000, "save_steps": 3000}
    process = start(command(base, rows, folder, **changes))
    wait_for(lambda: (folder / "training.json").exists() and _steps(folder) > 2, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "the same command goes on" in err
    assert "Traceback" not in err
    step = journal_of(folder).attempts[-1].to_step
    assert journal_of(folder).state == "interrupted"
    assert (folder / f"checkpoints/checkpoint-{step}/trainer_state.json").exists()

    settings = settings_for(rows, base, **changes)
    again = train(settings, folder, hooks=Hooks(stop=lambda: True))
    assert (again.finished, again.step) == (False, step + 1)
    assert [attempt.from_step for attempt in journal_of(folder).attempts] == [0, step]


def _steps(folder: Path) -> int:
    steps = journal_of(folder).steps
    return steps[-1].step if steps else 0


def test_a_finished_run_is_not_trained_again(base: Path, rows: Path, tmp_path: Path) -> None:
    from veristone.training.finetune.trainer import train

    settings = settings_for(rows, base)
    first = train(settings, tmp_path / "run")
    again = train(settings, tmp_path / "run")
    assert (first.trained, again.trained) == (True, False)
    assert again.journal == first.journal
    other = settings_for(rows, base, seed=5)
    with pytest.raises(ConfigError, match="seed was 0 and is 5"):
        train(other, tmp_path / "run")
    assert train(other, tmp_path / "run", redo=True).trained
    write_jsonl(rows, rows_of(47))
    with pytest.raises(ConfigError, match="data is not what"):
        train(other, tmp_path / "run")


def test_the_same_seed_gives_the_same_weights(base: Path, rows: Path, tmp_path: Path) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    runs = [
        trained(base, rows, tmp_path / str(number), seed=seed, dropout=0.1)
        for number, seed in enumerate((3, 3, 4))
    ]
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
    assert not close(runs[0], runs[2])


def test_adapters_are_trained_alone_and_can_be_merged(
    base: Path, rows: Path, tmp_path: Path
) -> None:
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]
    from peft import PeftModel  # pyright: ignore[reportMissingImports]

    from veristone.training.finetune.trainer import train

    lora: dict[str, Any] = {"r": 4, "targets": ["q_proj", "v_proj", "c_fc"]}
    changes: dict[str, Any] = {"max_steps": 10, "gradient_checkpointing": True}
    train(settings_for(rows, base, lora=lora, **changes), tmp_path / "apart")
    assert not (tmp_path / "apart/model/model.safetensors").exists()
    merged = {**lora, "merge": True}
    train(settings_for(rows, base, lora=merged, **changes), tmp_path / "merged")

    before, after = weights(base), weights(tmp_path / "merged/model")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    assert changed == {
        f"model.layers.{layer}.{part}.weight"
        for layer in (0, 1)
        for part in ("self_attn.q_proj", "self_attn.v_proj", "mlp.c_fc")
    }
    plain = transformers.AutoModelForCausalLM.from_pretrained(base)
    on_top = PeftModel.from_pretrained(plain, tmp_path / "apart/model")
    whole = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "merged/model")
    ids = torch.arange(10)[None]
    assert torch.allclose(on_top(ids).logits, whole(ids).logits, atol=1e-5)


def test_adapters_go_on_after_an_interruption(base: Path, rows: Path, tmp_path: Path) -> None:
    from veristone.training.finetune.trainer import Hooks, train

    settings = settings_for(rows, base, max_steps=8, lora={"r": 4, "merge": True, "dropout": 0.1})
    quiet = trained(base, rows, tmp_path / "quiet", max_steps=8, lora=settings.lora)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 3

    first = train(settings, tmp_path / "run", hooks=Hooks(stop=stop))
    assert (first.finished, first.step) == (False, 3)
    assert train(settings, tmp_path / "run").finished
    assert close(quiet, weights(tmp_path / "run/model"), 0)


@pytest.mark.parametrize("targets", [["nothing"], ["q_proj", 3]])
def test_adapters_of_layers_that_are_not_there(
    base: Path, rows: Path, tmp_path: Path, targets: list[Any]
) -> None:
    from veristone.training.finetune.trainer import train

    with pytest.raises(ValueError, match="targets"):
        train(settings_for(rows, base, lora={"targets": targets}), tmp_path / "run")


@pytest.mark.parametrize("bos", ["auto", "always", "never"])
def test_the_saved_tokenizer_writes_prompts_as_training_did(
    base: Path, rows: Path, tmp_path: Path, bos: str
) -> None:
    import transformers  # pyright: ignore[reportMissingImports]

    from veristone.training.finetune.data import prepare
    from veristone.training.finetune.tokenizer import load_tokenizer
    from veristone.training.finetune.trainer import train

    settings = settings_for(rows, base, bos=bos)
    train(settings, tmp_path / "run")
    saved = transformers.AutoTokenizer.from_pretrained(tmp_path / "run/model")
    template = load_template(settings.template)
    ready = load_tokenizer(settings.model, None, settings.bos, template)
    prepared = prepare(settings, template, ready.tokenizer, bos=ready.bos)
    sample = prepared.train[0]
    instruction = rows_of(1)[0]["instruction"]
    learnt = list(sample.ids[: sample.given])
    assert (learnt[0] == saved.bos_token_id) == (bos == "always")
    # A completions server adds special tokens to the prompt, a chat server does not.
    assert saved(template.render(instruction))["input_ids"] == learnt
    text = saved.apply_chat_template(
        [{"role": "user", "content": instruction}], add_generation_prompt=True, tokenize=False
    )
    assert saved(text, add_special_tokens=False)["input_ids"] == learnt


def test_a_loss_that_is_no_number_ends_the_run(base: Path, rows: Path, tmp_path: Path) -> None:
    from veristone.training.finetune.callback import TrainingFailed
    from veristone.training.finetune.trainer import train

    settings = settings_for(
        rows, base, optimizer="sgd", learning_rate=10, max_steps=200, save_steps=1
    )
    with pytest.raises(TrainingFailed, match="lower learning_rate"):
        train(settings, tmp_path / "run")
    assert journal_of(tmp_path / "run").state == "failed"
    assert not (tmp_path / "run/model").exists()


@pytest.mark.parametrize("precision", ["bf16", "bf16-mixed"])
def test_precisions(base: Path, rows: Path, tmp_path: Path, precision: str) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    found = trained(base, rows, tmp_path / "run", precision=precision, optimizer="adafactor")
    types = {weight.dtype for weight in found.values()}
    assert types == {torch.bfloat16 if precision == "bf16" else torch.float32}


def test_what_does_not_go_with_the_model_is_said_before_training(
    base: Path, rows: Path, tmp_path: Path
) -> None:
    from veristone.training.finetune.trainer import train

    for changes, said in [
        ({"max_length": 513}, "512 positions"),
        ({"model": str(tmp_path / "nothing")}, "nothing"),
        ({"model": ""}, "--model"),
        ({"model": str(rows.parent)}, str(rows.parent)),
    ]:
        settings = settings_for(rows, base).model_copy(update=changes)
        with pytest.raises(ConfigError, match=said):
            train(settings, tmp_path / "run")


def test_two_processes_make_the_step_of_one(base: Path, rows: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "max_steps": 6,
        "batch_size": 8,
        "device_batch_size": 2,
        "save_steps": 2,
        "eval_fraction": 0.2,
    }
    # 48 samples less those held out: 36, so an epoch has four whole batches and a half one.
    one = trained(base, rows, tmp_path / "one", **changes)
    arguments = command(base, rows, tmp_path / "two", **changes)
    # What `accelerate launch` starts on several GPUs; on CPUs it starts one process alone.
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    process = start([*launch, *arguments[1:]])
    out, err = process.communicate(timeout=110)
    assert process.returncode == 0, err[-3000:]
    assert out.count("6 steps") == 1, "one process speaks for both"
    assert close(one, weights(tmp_path / "two/model"), 1e-5)
    single, double = journal_of(tmp_path / "one"), journal_of(tmp_path / "two")
    assert double.attempts[0].processes == 2
    assert len(double.attempts[0].devices) == 2
    for a, b in zip(single.steps, double.steps, strict=True):
        assert a.loss == pytest.approx(b.loss, abs=1e-5)
        assert a.tokens == b.tokens
