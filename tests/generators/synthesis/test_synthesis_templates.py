"""Templates: what is data stays data."""

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError, Message
from veristone.generators.synthesis.templates import VARIABLES, Prompt, Template


def values(**given: object) -> dict[str, object]:
    return {**dict.fromkeys(VARIABLES, ""), "shots": [], "concepts": (), **given}


def rendered(text: str, name: str = "t.jinja", **given: object) -> Prompt:
    return Template(name=name, text=text).render(values(**given))


def test_a_raw_prompt_is_kept_to_the_character() -> None:
    assert rendered("a\n\n  {{ seed_code }}\n\n", seed_code="b").text == "a\n\n  b\n\n"
    assert rendered("assert ").text == "assert "


def test_blocks_leave_no_lines() -> None:
    text = "{% for shot in shots %}\n## Example {{ loop.index }}\n{{ shot }}\n{% endfor %}\nend"
    assert rendered(text, shots=["x", "y"]).text == "## Example 1\nx\n## Example 2\ny\nend"


@given(st.text())
def test_seeds_are_data(seed: str) -> None:
    assert rendered("<{{ seed_code }}>", seed_code=seed).text == f"<{seed}>"


def test_braces_and_markup_in_a_seed() -> None:
    seed = "{{ 7 * 7 }} {% raw %} <b>&amp;</b> {# gone #} {{ record.__class__ }}"
    assert rendered("{{ seed_code }}", seed_code=seed).text == seed


def test_a_conversation() -> None:
    text = (
        "=== system\nBe brief.\n\n"
        "{% for shot in shots %}\n=== user\n{{ shot }}\n=== assistant\nyes\n{% endfor %}\n"
        "=== user\n\n{{ seed_code }}\n"
    )
    prompt = rendered(text, "t.chat.jinja", shots=["a"], seed_code="\n  x\n=== user\ny")
    assert prompt.messages == (
        Message(role="system", content="Be brief."),
        Message(role="user", content="a"),
        Message(role="assistant", content="yes"),
        Message(role="user", content="  x\n=== user\ny"),
    )
    assert prompt.text == ""


def test_an_empty_message_is_left_out() -> None:
    text = "=== system\n{{ category }}\n=== user\nx"
    assert [m.role for m in rendered(text, "t.chat.jinja").messages] == ["user"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("before\n=== user\nx", "before the first role"),
        ("=== system\nx\n=== user\n{{ seed_code }}", "last message"),
        ("=== user\n{{ seed_code }}", "last message"),
    ],
)
def test_conversations_that_cannot_be_held(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        rendered(text, "t.chat.jinja")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ record.nothing.more }}",
        "{{ shots[0].instruction }}",
        "{{ 1 / 0 }}",
        "{{ seed_code + 1 }}",
        "{% include 'other.jinja' %}",
        "{{ concepts.append('x') }}",
        "{{ range(999999999) | list }}",
    ],
)
def test_what_a_template_cannot_do_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match=r"template t\.jinja"):
        rendered(text)


def test_names_of_variables() -> None:
    assert Template(name="t", text="{{ seed_code }}{% set x = 1 %}{{ x }}").variables == {
        "seed_code"
    }
    assert Template(name="t", text="{{ range(3) | list }}").variables == set()
    with pytest.raises(pydantic.ValidationError, match="no variable 'code'"):
        Template(name="t", text="{{ code }}")
