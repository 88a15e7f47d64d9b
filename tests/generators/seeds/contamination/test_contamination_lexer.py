"""One lexer for all languages: what it tells apart, and that no text holds it up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.lexer import lex
from veristone.generators.seeds.contamination.names import (
    defined_names,
    mentioned_names,
    name_words,
)

FAMILIES = ["python", "ruby", "java", "javascript", "php", "lua", "racket", "ocaml", "unknown"]


@pytest.mark.parametrize(
    ("language", "code", "tokens", "prose"),
    [
        ("python", 'def f():\n  """Doc."""\n  return "a" # c', 'def f ( ) : return "a"', "Doc c"),
        ("python", "f(\n  'a'\n  'b'\n)", "f ( 'a' 'b' )", ""),
        ("python", "def f():\n  '''Not ' closed", "def f ( ) :", "Not closed"),
        ("python", "x = rb'a#b'", "x = rb'a#b'", ""),
        ("python", "a //= 2 ** b", "a //= 2 ** b", ""),
        ("cpp", "#include <a>\nint f(){/* c */f('x'); } // d", "int f ( ) { f ( 'x' ) ; }", "c d"),
        ("rust", "fn f<'a>(x: &'a str) -> i32 { vec![1] }", None, ""),
        ("lua", "x = 1 -- c\n--[[ d\ne ]] y = 2", "x = 1 y = 2", "c d e"),
        ("racket", "(equal? a-b \"c\") ; d", '( equal? a-b "c" )', "d"),
        ("php", "$a = 1; // b\n# c", "$ a = 1 ;", "b c"),
        ("ruby", 'x = "#{a}" # b', 'x = "#{a}"', "b"),
        ("perl", "my $n = $#list; # b", "my $ n = $ list ;", "b"),
        ("unknown", "a = 1 # b\nc // d", "a = 1 c", "b d"),
    ],
)  # fmt: skip
def test_code_and_prose(language: str, code: str, tokens: str | None, prose: str) -> None:
    lexed = lex(code, language)
    if tokens is not None:
        assert " ".join(lexed.tokens) == tokens
    found = Features("", code, language).words
    assert " ".join(found) == prose.lower()


@pytest.mark.parametrize("language", FAMILIES)
@given(text=st.text(alphabet="\"'`\\/*#-[]{}();:|=\n\t ab1_.é\ud800", max_size=60))
def test_any_text_is_lexed_and_nothing_is_made_up(language: str, text: str) -> None:
    lexed = lex(text, language)
    assert all(token in text for token in lexed.tokens)
    assert "".join("".join([*lexed.tokens, lexed.prose]).split()).isascii() or not text.isascii()


@pytest.mark.parametrize("language", FAMILIES)
@pytest.mark.parametrize(
    "piece",
    ['"', "'", "`", '"""', "'''", "/*", "--[[", "#|", "(*", '"\\', "\n ", " ", "r", "1.", "a_",
     "f(", "=>", "function a", "(){", ">>>", "#"],
)  # fmt: skip
def test_hostile_texts_take_linear_time(language: str, piece: str) -> None:
    """100 kB take 0.1 to 0.9 s of CPU here; what is quadratic takes minutes."""
    code = piece * (100_000 // len(piece)) + " "
    began = time.process_time()
    features = Features("", code, language)
    assert features.lexed is not None
    assert features.reading is not None
    assert features.defined is not None
    assert features.mentioned is not None
    assert features.examples is not None
    assert features.content is not None
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "async def below_zero(xs): ..."),
        ("javascript", "const belowZero = (operations) => {"),
        ("javascript", "function below_zero(operations) {"),
        ("java", "class A { public static boolean belowZero(List<Integer> xs) { return x(); } }"),
        ("cpp", "bool below_zero(vector<int> operations){"),
        ("go", "func BelowZero(xs []int) bool {"),
        ("rust", "pub fn below_zero(xs: Vec<i32>) -> bool {"),
        ("r", "below_zero <- function(xs) {"),
        ("perl", "sub below_zero {"),
        ("ruby", "def below_zero(xs)"),
        ("racket", "(define (below_zero xs)"),
        ("shell", "below_zero() {"),
        ("lua", "local function below_zero(xs)"),
        ("scala", "def belowZero(xs: List[Long]): Boolean = {"),
        ("swift", "func belowZero(xs: [Int]) -> Bool {"),
    ],
)
def test_names_are_found_in_every_language(language: str, code: str) -> None:
    assert ("below", "zero") in defined_names(lex(code, language).tokens, language)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("below_zero", "below zero"),
        ("BelowZero", "below zero"),
        ("isHTTPServer2", "is http server 2"),
        ("below-zero", "below zero"),
        ("__x__", "x"),
        ("größerAls", "größer als"),
    ],
)
def test_words_of_names(name: str, words: str) -> None:
    assert " ".join(name_words(name)) == words.replace("größer", " ".join(name_words("größer")))


def test_names_that_a_text_mentions() -> None:
    text = "Write below_zero(xs), or belowZero if you like, but not `add`."
    assert mentioned_names(text) == [("below", "zero")]
