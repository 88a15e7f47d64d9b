"""Yes and no among the tokens."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.judge.answers import meaning, weigh


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("Yes", "yes"),
        (" yes", "yes"),
        ("\u2581Yes", "yes"),
        ("\u0120YES", "yes"),
        (" Yes.", "yes"),
        ("\u010ano", "no"),
        ("No,", "no"),
        ("**No**", "no"),
        ("Y", None),
        ("None", None),
        ("Not", None),
        ("yesterday", None),
        ("", None),
        ("\n", None),
    ],
)
def test_what_a_token_says(token: str, word: str | None) -> None:
    assert meaning(token) == word


def test_forms_of_a_word_are_added_up() -> None:
    found = weigh(
        {" Yes": math.log(0.3), "yes": math.log(0.1), " No": math.log(0.1), " The": math.log(0.4)}
    )
    assert found.p_yes == pytest.approx(0.8)
    assert found.mass == pytest.approx(0.5)
    assert found.logp_yes == pytest.approx(math.log(0.4))
    assert found.logp_no == pytest.approx(math.log(0.1))


def test_one_word_alone_is_certain() -> None:
    assert weigh({" Yes": -0.1, " x": -3.0}) == (1.0, -0.1, None, math.exp(-0.1))
    assert weigh({" no": -0.1}).p_yes == 0.0


@pytest.mark.parametrize(
    "tokens", [{}, {" The": -0.1}, {" Yes": -math.inf, "No": math.nan}, {"Y": -1.0, "N": -1.0}]
)
def test_neither_is_not_guessed(tokens: dict[str, float]) -> None:
    assert weigh(tokens) == (None, None, None, 0.0)


def test_the_unlikeliest_words_are_still_compared() -> None:
    found = weigh({" Yes": -900.0, " No": -901.0, "x": 0.0})
    assert found.p_yes == pytest.approx(1 / (1 + math.exp(-1)))
    assert found.mass == 0.0


@given(
    st.dictionaries(
        st.sampled_from(["Yes", " yes", "No", " NO", "x", "\u2581no"]) | st.text(max_size=4),
        st.floats(),
        max_size=20,
    )
)
def test_whatever_a_server_reports_a_probability_is_one(tokens: dict[str, float]) -> None:
    found = weigh(tokens)
    assert 0 <= found.mass <= 1
    assert found.p_yes is None or 0 <= found.p_yes <= 1
    known = [v for t, v in tokens.items() if meaning(t) and math.isfinite(v)]
    assert (found.p_yes is None) == (not known)
