"""Tokens: the boundary is exact, EOS is there, what cannot be used is counted by its reason."""

from typing import Any

import pytest
from finetune_models import BytePairs
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError, DatasetError
from veristone.training.finetune.encode import Encoded, Encoder, Prompted, Refused, write_prompt
from veristone.training.finetune.rows import RawSample
from veristone.training.finetune.template import Turn, load_template

TEMPLATE = load_template("instruction")
SPECIAL = ("<eos>", "<bos>")


def encode(
    prompt: str, completion: str, tokenizer: BytePairs | None = None, **changes: Any
) -> Encoded | Refused:
    options: dict[str, Any] = {"bos": False, "max_length": 1000, "over_length": "drop", **changes}
    encoder = Encoder(tokenizer or BytePairs(), **options)  # pyright: ignore[reportArgumentType]
    (result,) = encoder.encode([Prompted(prompt, completion, "f:1")])
    return result


def encoded(*arguments: Any, **changes: Any) -> Encoded:
    result = encode(*arguments, **changes)
    assert isinstance(result, Encoded), result
    return result


def sample(text: str, completion: str, *, literal: bool = False) -> RawSample:
    return RawSample((Turn("user", text),), completion, "f:1", literal)


def test_the_mask_begins_at_the_completion_and_eos_is_learnt() -> None:
    found = encoded("ab", "cd")
    assert found.given == 2
    assert list(found.ids[2:]) == [3 + ord("c"), 3 + ord("d"), BytePairs.eos_token_id]
    assert found.learnt == 3


def test_bos_is_given_and_not_learnt() -> None:
    found = encoded("ab", "cd", bos=True)
    assert (found.ids[0], found.given, found.learnt) == (1, 3, 3)


def test_a_token_that_would_straddle_the_boundary_is_taken_apart() -> None:
    tokenizer = BytePairs(["A:\n  ", "\n  "])
    whole = tokenizer(["A:\n  x"], add_special_tokens=False)["input_ids"][0]
    assert len(whole) < len("A:\n  x"), "the tokenizer merges across the boundary"
    found = encoded("A:\n", "  x", tokenizer)
    # As when the model is asked: the prompt alone, tokenised.
    prompt = tokenizer(["A:\n"], add_special_tokens=False)["input_ids"][0]
    assert list(found.ids[: found.given]) == prompt
    assert tokenizer.decode(found.ids[found.given : -1]) == "  x"


def test_where_a_space_is_put_in_front_the_completion_gets_none() -> None:
    tokenizer = BytePairs(["A:\n  "], space_in_front=True)
    for completion in ("  x", "x"):
        found = encoded("A:\n", completion, tokenizer)
        tail = bytes(token - 3 for token in found.ids[found.given : -1])
        assert tail.decode() == completion


@given(
    st.lists(st.sampled_from(["\n ", ":\n", "\n\n", " x", "a:\n x", "ab", "\n  d"]), unique=True),
    st.text("ab:\n xd", min_size=1, max_size=12),
    st.text("ab:\n xd", min_size=1, max_size=12),
    st.booleans(),
)
def test_the_boundary_is_exact_whatever_the_tokenizer_merges(
    merges: list[str], prompt: str, completion: str, bos: bool
) -> None:
    tokenizer = BytePairs(merges)
    found = encoded(prompt, completion, tokenizer, bos=bos)
    assert tokenizer.decode(found.ids[bos : found.given]) == prompt
    assert tokenizer.decode(found.ids[found.given : -1]) == completion
    assert list(found.ids[bos : found.given]) == tokenizer._encode(prompt)


@pytest.mark.parametrize("length", [9, 10])
def test_long_samples_by_policy(length: int) -> None:
    fits = length == 10  # 4 of the prompt, 5 of the completion, EOS
    assert isinstance(encode("abcd", "efghi", max_length=length), Encoded) == fits
    cut = encoded("abcd", "efghi", max_length=length, over_length="truncate")
    assert len(cut.ids) == length
    assert (cut.ids[-1] == BytePairs.eos_token_id) == fits
    if not fits:
        assert encode("abcd", "efghi", max_length=length) == Refused("too_long", "f:1")
        with pytest.raises(DatasetError, match="f:1: 10 tokens, and max_length is 9"):
            encode("abcd", "efghi", max_length=length, over_length="error")


def test_a_cut_that_leaves_nothing_to_learn_is_refused() -> None:
    result = encode("abcdefghij", "k", max_length=10, over_length="truncate")
    assert result == Refused("prompt_too_long", "f:1")


def test_without_a_prompt_the_first_token_is_given() -> None:
    found = encoded("", "cd")
    assert (found.given, found.learnt) == (1, 2)


def test_a_tokenizer_without_eos_or_bos_is_refused() -> None:
    tokenizer = BytePairs()
    tokenizer.bos_token_id = None
    with pytest.raises(ConfigError, match="BOS"):
        encode("a", "b", tokenizer, bos=True)
    tokenizer.eos_token_id = None
    with pytest.raises(ConfigError, match="EOS"):
        encode("a", "b", tokenizer)


@pytest.mark.parametrize("completion", ["", " ", "\n\t\u2003", "<eos>", " <eos>"])
def test_an_empty_completion_is_refused(completion: str) -> None:
    result = write_prompt(sample("x", completion), TEMPLATE, "<eos>", SPECIAL)
    assert result == Refused("empty_completion", "f:1")


@pytest.mark.parametrize(
    ("text", "completion"), [("a <eos> b", "x"), ("a", "x <bos> y"), ("a", "x<eos> y")]
)
def test_a_sample_that_spells_a_special_token_is_refused(text: str, completion: str) -> None:
    result = write_prompt(sample(text, completion), TEMPLATE, "<eos>", SPECIAL)
    assert result == Refused("special_token", "f:1")


def test_an_eos_at_the_end_is_ours_to_write() -> None:
    result = write_prompt(sample("a", "x<eos>"), TEMPLATE, "<eos>", SPECIAL)
    assert result == Prompted(TEMPLATE.render("a"), "x", "f:1")


def test_a_prompt_that_is_rendered_already_stays_and_another_is_rendered() -> None:
    rendered = TEMPLATE.render("a")
    for text in ("a", rendered):
        result = write_prompt(sample(text, "x", literal=True), TEMPLATE, "<eos>", SPECIAL)
        assert result == Prompted(rendered, "x", "f:1")


def test_an_impossible_conversation_is_named() -> None:
    wrong = RawSample((Turn("assistant", "a"),), "x", "f:7")
    with pytest.raises(DatasetError, match="f:7: turn 1"):
        write_prompt(wrong, TEMPLATE, "<eos>", SPECIAL)
