"""Settings: presets hold the published numbers, later settings win, mistakes are named."""

from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.training.finetune import load_settings, load_template, preset_names
from veristone.training.finetune.presets import parse_override

# research notes on the papers and repositories, section 7: learning rate, epochs, batch, length,
# warm-up (a share below 1, else steps), devices' own batch.
PUBLISHED = {
    "starcoder2-15b-instruct": (1e-5, 4, 64, 1280, 0.05, 1),
    "selfcodealign-cq-7b": (1e-5, 4, 64, 1280, 0.05, 1),
    "magicoder": (5e-5, 2, 512, 1216, 15, 2),
    "magicoder-s": (5e-5, 2, 512, 1024, 15, 2),
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_presets_have_the_published_numbers(name: str) -> None:
    rate, epochs, batch, length, warmup, on_device = PUBLISHED[name]
    found = load_settings(name)
    assert found.learning_rate == rate
    assert found.epochs == epochs
    assert found.batch_size == batch
    assert found.max_length == length
    assert (found.warmup_ratio or found.warmup_steps) == warmup
    assert found.device_batch_size == on_device
    assert (found.optimizer, found.scheduler, found.precision) == ("adafactor", "linear", "bf16")
    assert found.max_grad_norm is None
    assert found.dropout == 0
    assert found.lora is None
    assert not found.packing


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_has_a_template_and_drops_what_is_too_long(name: str) -> None:
    found = load_settings(name)
    assert load_template(found.template).before_response
    assert found.over_length == "drop"


def test_overrides_win_in_order() -> None:
    found = load_settings("tiny", ["learning_rate=2e-5", "seed=1", "seed=2"], {"model": "m"})
    assert (found.learning_rate, found.seed, found.model) == (2e-5, 2, "m")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("model=bigcode/starcoder2-3b", {"model": "bigcode/starcoder2-3b"}),
        ("model='a b'", {"model": "a b"}),
        ("lora.r=8", {"lora": {"r": 8}}),
        ("lora.targets=['q_proj', 'v_proj']", {"lora": {"targets": ["q_proj", "v_proj"]}}),
        ("packing=true", {"packing": True}),
        ("max_grad_norm=none", {"max_grad_norm": None}),
        ("model=a=b", {"model": "a=b"}),
        ("model=1\nseed = 2", {"model": "1\nseed = 2"}),
        ("model=", {"model": ""}),
    ],
)
def test_overrides_are_read_as_toml_or_text(text: str, value: object) -> None:
    assert parse_override(text) == value


@pytest.mark.parametrize("text", ["seed", "=3", "lora.=3", ".r=3", ""])
def test_overrides_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="key=value"):
        parse_override(text)


def test_of_two_settings_that_exclude_each_other_the_later_wins() -> None:
    assert load_settings("tiny", ["max_steps=7"]).epochs is None
    assert load_settings("tiny", ["warmup_steps=7"]).warmup_ratio is None
    assert load_settings("tiny", ["max_steps=7", "epochs=2"]).max_steps is None
    with pytest.raises(ConfigError, match="one of epochs and max_steps"):
        load_settings("tiny", ["epochs=none"])


def test_a_file_may_start_from_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "magicoder"\ndata = "rows"\nmax_steps = 3\n[lora]\nr = 4\n')
    found = load_settings(str(file), ["lora.alpha=8"])
    assert (found.max_steps, found.epochs, found.batch_size) == (3, None, 512)
    assert found.data == (tmp_path / "rows",)
    assert found.lora is not None
    assert (found.lora.r, found.lora.alpha) == (4, 8)
    assert load_settings(str(file), ["lora=none"]).lora is None


def test_paths_in_a_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    file = tmp_path / "mine.toml"
    file.write_text('model = "base"\ntemplate = "t.toml"\ndata = ["a", "/b"]\nepochs = 1\n')
    found = load_settings(str(file))
    assert found.model == str(tmp_path / "base")
    assert found.template == str(tmp_path / "t.toml")
    assert found.data == (tmp_path / "a", Path("/b"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("learning_rat=1", "learning_rat"),
        ("learning_rate=-1", "learning_rate"),
        ("learning_rate=fast", "learning_rate"),
        ("lora.rank=8", "lora.rank"),
        ("device_batch_size=3", "no multiple"),
        ("over_length=cut", "over_length"),
        ("epochs=nan", "epochs"),
        ("epochs=inf", "epochs"),
        ("seed=-1", "seed"),
    ],
)
def test_what_is_wrong_is_named(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings("tiny", [override])


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no preset of ours .*magicoder"):
        load_settings("magicode")
    broken = tmp_path / "b.toml"
    broken.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"b\.toml"):
        load_settings(str(broken))
    broken.write_text('preset = "nothing"')
    with pytest.raises(ConfigError, match="nothing"):
        load_settings(str(broken))


def test_the_digest_knows_what_decides_the_result() -> None:
    plain = load_settings("tiny").digest()
    assert load_settings("tiny", ["device_batch_size=4", "keep=5"]).digest() == plain
    assert load_settings("tiny", ["seed=4"]).digest() != plain
    assert load_settings("tiny", ["lora.r=4"]).digest() != plain
