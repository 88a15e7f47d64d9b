"""The command line's words for a model, settings, opening; and the fake."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_model import FakeModel
from hypothesis import example, given
from hypothesis import strategies as st
from model_server import ModelServer

from veristone import Completion, ConfigError, GenerationRequest, Message, Model
from veristone.generators.models.config import (
    ModelConfig,
    OpenAIConfig,
    ReplayConfig,
    TransformersConfig,
    VLLMConfig,
)
from veristone.generators.models.registry import check_model, open_model, parse_model

ROOT = Path(__file__).parents[3]


WORDS: list[tuple[str, ModelConfig]] = [
    ("http://h:8000/v1", OpenAIConfig(base_url="http://h:8000/v1")),
    ("http://h:8000", OpenAIConfig(base_url="http://h:8000/v1")),
    (" https://h/api/v1/ ", OpenAIConfig(base_url="https://h/api/v1")),
    ("http://[::1]:80/v1#o/m", OpenAIConfig(base_url="http://[::1]:80/v1", model="o/m")),
    ("HTTP://h/v1#m#2", OpenAIConfig(base_url="http://h/v1", model="m#2")),
    ("vllm:bigcode/starcoder2-3b", VLLMConfig(model="bigcode/starcoder2-3b")),
    ("vllm:/models/a:b", VLLMConfig(model="/models/a:b")),
    ("transformers:./tiny", TransformersConfig(model="./tiny")),
    ("replay:run.jsonl", ReplayConfig(path="run.jsonl")),
]


@pytest.mark.parametrize(("text", "config"), WORDS)
def test_words(text: str, config: ModelConfig) -> None:
    assert parse_model(text) == config


NONE = [
    ("", "Known forms: http://"),
    ("gpt-4", "is no model. Known forms"),
    ("run.jsonl", "Known forms.*replay:FILE"),
    ("vllm:", "vllm:: vllm.model"),
    ("replay:", "replay:: replay.path"),
    ("http://", "names a host"),
    ("http:///v1", "names a host"),
    ("http:h/v1", "Known forms"),
    ("http://h:port/v1", "not an address"),
    ("http://h:99999/v1", "not an address"),
    ("http://[::1/v1", "not an address"),
    ("http://user:sesame@h/v1", "no password: set api_key_env"),
    ("http://h/v1?key=1", "no \\?"),
    ("ftp://h/v1", "Known forms"),
    ("missing.toml", "missing.toml: no such model file"),
]


@pytest.mark.parametrize(("text", "words"), NONE)
def test_words_for_nothing(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        parse_model(text)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("localhost:8000", "http://localhost:8000/v1"),
        ("gpu1:8000/v1", "http://gpu1:8000/v1"),
        ("bigcode/starcoder2-3b", "vllm:bigcode/starcoder2-3b or"),
        ("run.jsonl", "replay:run.jsonl"),
    ],
)
def test_what_was_meant_is_asked(text: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_model(text)
    assert f"Did you mean {meant}" in str(caught.value)


@given(st.text() | st.text().map(lambda text: f"http://{text}") | st.text().map("vllm:{}".format))
@example("http://\0/v1")
@example("\0.toml")
@example("http://[v1.x]/")
def test_any_words_are_a_model_or_a_wrong_setting(text: str) -> None:
    try:
        config = parse_model(text)
    except ConfigError:
        return
    assert config.kind in ("openai", "vllm", "transformers", "replay")


def test_a_file_of_settings(tmp_path: Path) -> None:
    file = tmp_path / "model.toml"
    file.write_text(
        'kind = "openai"\nbase_url = "http://h/v1"\nmax_in_flight = 8\n'
        'api_key_env = "KEY"\n[extra_body]\ntop_k = 5\n'
    )
    assert parse_model(str(file)) == OpenAIConfig(
        base_url="http://h/v1", max_in_flight=8, api_key_env="KEY", extra_body={"top_k": 5}
    )
    file.write_text('kind = "replay"\npath = "run.jsonl"\n')
    assert parse_model(str(file)) == ReplayConfig(path=str(tmp_path / "run.jsonl"))
    file.write_text('kind = "vllm"\nmodel = "./tiny"\n[extra]\nswap_space = 1\n')
    config = VLLMConfig(model=str(tmp_path / "tiny"), extra={"swap_space": 1})
    assert parse_model(str(file)) == config
    file.write_text('kind = "transformers"\nmodel = "org/name"\n')
    assert parse_model(str(file)) == TransformersConfig(model="org/name")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("kind = ", "model.toml: "),
        ('model = "x"', "kind"),
        ('kind = "ollama"\nmodel = "x"', "ollama"),
        ('kind = "vllm"\nmodel = "x"\nmodle = 1', "vllm.modle: there is no such setting"),
        ('kind = "openai"\nbase_url = "http://h"\napi_key_env = "sk-sesame"', "not the key itself"),
        ('kind = "openai"\nbase_url = "http://h"\n[extra_body]\nn = 3', "extra_body: n: set by"),
        ('kind = "openai"\nbase_url = "http://h"\ntimeout_s = inf', "timeout_s"),
        ("\0", "model.toml"),
    ],
)
def test_a_file_with_a_mistake(tmp_path: Path, settings: str, words: str) -> None:
    file = tmp_path / "model.toml"
    file.write_text(settings)
    with pytest.raises(ConfigError, match=words) as caught:
        parse_model(str(file))
    assert "sesame" not in str(caught.value)


def test_settings_survive_json() -> None:
    for _, config in WORDS:
        assert check_model(json.loads(config.model_dump_json()), "x") == config


def test_settings_import_nothing_heavy() -> None:
    code = (
        "import sys, veristone.generators.models.registry\n"
        "heavy = {'torch', 'vllm', 'transformers', 'openai', 'numpy'} & sys.modules.keys()\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_open_a_server() -> None:
    async with ModelServer() as server, open_model(parse_model(server.url)) as model:
        assert isinstance(model, Model)
        answer = await model.generate(GenerationRequest(id="r", prompt="p"))
    assert answer.completions[0].text == "None/0"


async def test_open_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": "r", "completions": ["x"]}\n')
    async with open_model(parse_model(f"replay:{path}")) as model:
        answer = await model.generate(GenerationRequest(id="r", prompt="p"))
    assert answer.completions[0].text == "x"


@pytest.mark.parametrize(
    ("text", "package", "extra"),
    [
        ("http://localhost:1/v1", "openai", "generate"),
        ("transformers:nobody/nothing", "torch", "train"),
        ("vllm:nobody/nothing", "vllm", "vllm"),
    ],
)
async def test_what_is_missing_says_what_to_install(
    text: str, package: str, extra: str, tmp_path: Path
) -> None:
    code = (
        f"import asyncio, sys\nsys.modules[{package!r}] = None\n"
        "from veristone.generators.models.registry import open_model, parse_model\n"
        "async def main():\n"
        f"    async with open_model(parse_model({text!r})): pass\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert f"pip install 'veristone[{extra}]'" in done.stderr
    assert "ConfigError" in done.stderr


# ---- the fake


async def test_the_fake_says_what_it_is_told() -> None:
    request = GenerationRequest(id="r", prompt="one two", n=2)
    async with FakeModel(
        lambda asked: ["a b", Completion(text="c", finish_reason="length")]
    ) as one:
        answer = await one.generate(request)
        assert isinstance(one, Model)
    assert [each.text for each in answer.completions] == ["a b", "c"]
    assert (answer.prompt_tokens, answer.completion_tokens) == (2, 3)
    assert one.requests == [request]
    same = FakeModel(lambda asked: asked.messages[0].content, name="n")
    chat = GenerationRequest(id="r", messages=(Message(role="user", content="u"),), n=3)
    answer = await same.generate(chat)
    assert [each.text for each in answer.completions] == ["u", "u", "u"]
    assert answer.model == same.name == "n"


async def test_the_fake_can_wait_and_counts() -> None:
    async def slow(asked: GenerationRequest) -> str:
        await asyncio.sleep(0.01)
        return asked.prompt

    model = FakeModel(slow)
    await asyncio.gather(*(model.generate(GenerationRequest(id="r", prompt="p")) for _ in range(5)))
    assert (model.most_in_flight, model.in_flight) == (5, 0)


async def test_the_fake_invents_nothing() -> None:
    with pytest.raises(ValueError, match="1 texts for n=2"):
        await FakeModel(lambda _: ["x"]).generate(GenerationRequest(id="r", prompt="p", n=2))
