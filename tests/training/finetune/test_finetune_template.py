"""The template: one text for training, evaluation and servers."""

import re
from pathlib import Path
from typing import Any

import jinja2.sandbox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.training.finetune.template import Template, Turn, load_template

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PIECE = TEXT.filter(lambda text: "{{" not in text and "{%" not in text)


def as_a_server_does(template: Template, messages: list[dict[str, str]], **values: Any) -> str:
    """Render the chat template in the environment that transformers uses."""

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    world = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    compiled = world.from_string(template.chat_template(bos=values.pop("bos", False)))
    values = {"add_generation_prompt": True, "eos_token": "<eos>", "bos_token": "<bos>", **values}
    return compiled.render(messages=messages, raise_exception=refuse, **values)


@pytest.mark.parametrize("name", ["instruction", "magicoder", "plain"])
def test_the_chat_template_of_ours_says_what_render_says(name: str) -> None:
    template = load_template(name)
    text = "Write \"it\".\n\n  {{ not jinja }} {% raw %} \\n 'x' ü \u2028 \t"
    messages = [{"role": "user", "content": text}]
    assert as_a_server_does(template, messages) == template.render(text)
    assert as_a_server_does(template, messages, bos=True) == "<bos>" + template.render(text)


@given(PIECE, PIECE, PIECE, PIECE, TEXT, st.none() | TEXT)
def test_any_chat_template_says_what_render_says(
    sentence: str, before: str, after: str, response: str, text: str, system: str | None
) -> None:
    template = Template(
        system=sentence,
        before_system=before,
        after_system=after,
        before_user=before,
        after_user=after,
        before_response=response,
    )
    messages = [{"role": "user", "content": text}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    assert as_a_server_does(template, messages) == template.render(text, system)


def test_a_conversation_that_ends_with_the_assistant_is_a_training_text() -> None:
    template = load_template("instruction")
    messages = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "2"},
    ]
    turns = [Turn("user", "one"), Turn("assistant", "1"), Turn("user", "two")]
    prompt = template.render_turns(turns, eos="<eos>")
    found = as_a_server_does(template, messages, add_generation_prompt=False)
    assert found == prompt + "2<eos>"
    assert prompt.count(template.system) == 1


@pytest.mark.parametrize("roles", ["", "a", "uu", "ua", "usu", "us", "s"])
def test_turns_in_an_impossible_order_are_refused(roles: str) -> None:
    names = {"u": "user", "a": "assistant", "s": "system"}
    turns = [Turn(names[role], "x") for role in roles]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="turn"):
        load_template("plain").render_turns(turns)


@pytest.mark.parametrize("roles", [["user", "user"], ["assistant"], ["user", "system"], ["tool"]])
def test_servers_refuse_them_too(roles: list[str]) -> None:
    messages = [{"role": role, "content": "x"} for role in roles]
    with pytest.raises(jinja2.TemplateError, match="turns"):
        as_a_server_does(load_template("instruction"), messages)


@given(TEXT)
def test_a_rendered_prompt_is_known_and_an_instruction_is_not(text: str) -> None:
    template = load_template("instruction")
    assert template.is_rendered(template.render(text))
    assert not template.is_rendered(text)


def test_without_a_template_everything_is_as_it_stands() -> None:
    template = load_template("plain")
    assert template.render("as it is\n") == "as it is\n"
    assert template.is_rendered("as it is\n")


def test_the_headers_are_those_of_the_papers() -> None:
    assert re.fullmatch(
        r"\S.*\n\n### Instruction\nX\n\n### Response\n", load_template("instruction").render("X")
    )
    assert re.fullmatch(
        r"\S.*\n\n@@ Instruction\nX\n\n@@ Response\n", load_template("magicoder").render("X")
    )


def test_a_template_of_the_users_own(tmp_path: Path) -> None:
    file = tmp_path / "chatml.toml"
    file.write_text(
        'before_user = "<|im_start|>user\\n"\nafter_user = "<|im_end|>\\n"\n'
        'before_response = "<|im_start|>assistant\\n"\n'
    )
    prompt = load_template(str(file)).render("hi")
    assert prompt == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sytem = 'x'", "sytem"),
        ("before_user = 'Q: {{ instruction }}'", "before_user: is literal text"),
        ("before_user = 3", "before_user"),
        ("before_user =", "Invalid value"),
    ],
)
def test_what_is_wrong_with_a_template_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "t.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_template(str(file))
    with pytest.raises(ConfigError, match="no template of ours"):
        load_template("nothing")
