"""Tokens: the boundary is exact, EOS is there, what cannot be used is counted by its reason."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from finetune_models import BytePairs, settings_for, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone import DatasetError
from veristone.training.finetune.data import Encoded, Prepared, prepare
from veristone.training.finetune.template import load_template


def prepared(
    row: dict[str, Any], tokenizer: BytePairs | None = None, *, bos: bool = False, **changes: Any
) -> Prepared:
    with tempfile.TemporaryDirectory() as folder:
        path = write_jsonl(Path(folder) / "f.jsonl", [row, {"prompt": "p", "completion": "c"}])
        defaults: dict[str, Any] = {"template": "plain", "max_length": 1000}
        chosen = settings_for(path, **(defaults | changes))
        template = load_template(chosen.template)
        return prepare(chosen, template, tokenizer or BytePairs(), bos=bos)  # pyright: ignore


def encoded(
    prompt: str, completion: str, tokenizer: BytePairs | None = None, **changes: Any
) -> Encoded:
    found = prepared({"prompt": prompt, "completion": completion}, tokenizer, **changes)
    assert len(found.train) == 2, found.survey.refused
    return found.train[0]


def refused(row: dict[str, Any], **changes: Any) -> list[str]:
    return list(prepared(row, **changes).survey.refused)


def test_the_mask_begins_at_the_completion_and_eos_is_learnt() -> None:
    found = encoded("ab", "cd")
    assert found.given == 2
    assert list(found.ids[2:]) == [3 + ord("c"), 3 + ord("d"), BytePairs.eos_token_id]
    assert len(found.ids) == 5


def test_bos_is_given_and_not_learnt() -> None:
    found = encoded("ab", "cd", bos=True)
    assert (found.ids[0], found.given, len(found.ids)) == (1, 3, 6)


def test_a_token_that_would_straddle_the_boundary_is_taken_apart() -> None:
    tokenizer = BytePairs(["A:\n  ", "\n  "])
    whole = tokenizer(["A:\n  x"], add_special_tokens=False)["input_ids"][0]
    assert len(whole) < len("A:\n  x"), "the tokenizer merges across the boundary"
    found = encoded("A:\n", "  x", tokenizer)
    # As when the model is asked: the prompt alone, tokenised.
    prompt = tokenizer(["A:\n"], add_special_tokens=False)["input_ids"][0]
    assert list(found.ids[: found.given]) == prompt
    assert tokenizer.decode(found.ids[found.given : -1]) == "  x"


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["\n ", ":\n", "\n\n", " x", "a:\n x", "ab", "\n  d"]), unique=True),
    st.text("ab:\n xd", min_size=1, max_size=12),
    st.text("ab:\n xd", min_size=1, max_size=12).filter(str.strip),
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
    row = {"prompt": "abcd", "completion": "efghi"}
    assert refused(row, max_length=length) == ([] if fits else ["too_long"])
    cut = encoded("abcd", "efghi", max_length=length, over_length="truncate")
    assert len(cut.ids) == length
    assert (cut.ids[-1] == BytePairs.eos_token_id) == fits
    if not fits:
        with pytest.raises(DatasetError, match=r"f\.jsonl:1: 10 tokens, and max_length is 9"):
            refused(row, max_length=length, over_length="error")


def test_a_cut_that_leaves_nothing_to_learn_is_refused() -> None:
    row = {"prompt": "abcdefghij", "completion": "k"}
    assert refused(row, max_length=10, over_length="truncate") == ["prompt_too_long"]


def test_without_a_prompt_the_first_token_is_given() -> None:
    found = encoded("", "cd")
    assert (found.given, len(found.ids)) == (1, 3)


@pytest.mark.parametrize("completion", ["", " ", "\n\t\u2003", "<eos>", " <eos>"])
def test_an_empty_completion_is_refused(completion: str) -> None:
    assert refused({"instruction": "x", "response": completion}) == ["empty_completion"]


@pytest.mark.parametrize(
    ("text", "completion"), [("a <eos> b", "x"), ("a", "x <bos> y"), ("a", "x<eos> y")]
)
def test_a_sample_that_spells_a_special_token_is_refused(text: str, completion: str) -> None:
    row = {"instruction": text, "response": completion}
    assert refused(row, template="instruction") == ["special_token"]


def test_an_eos_at_the_end_is_ours_to_write() -> None:
    assert encoded("a", "x<eos>") == encoded("a", "x")


def test_a_prompt_that_is_rendered_already_stays_and_another_is_rendered() -> None:
    rendered = load_template("instruction").render("a")
    wanted = encoded(rendered, "x")
    for text in ("a", rendered):
        assert encoded(text, "x", template="instruction") == wanted


def test_an_impossible_conversation_is_named() -> None:
    said = [{"role": "assistant", "content": text} for text in "ab"]
    with pytest.raises(DatasetError, match=r"f\.jsonl:1: turn 1"):
        refused({"messages": said})
