"""What the tiny model reads and writes, and its pre-training text."""

from hypothesis import given
from hypothesis import strategies as st

from veristone.training.tiny import corpus, prompts
from veristone.training.tiny.tasks import sample_tasks

lines = st.text(alphabet=st.characters(exclude_characters="`#\r"), min_size=1).map(str.strip)


@given(code=lines.filter(bool), tests=lines.filter(bool))
def test_what_is_written_is_read_again(code: str, tests: str) -> None:
    answer = prompts.parse_answer(prompts.answer_text(code, tests))
    assert answer == prompts.Answer(f"{code}\n", f"{tests}\n")
    assert prompts.parse_answer(prompts.solution_text(code)) == prompts.Answer(f"{code}\n", "")
    assert prompts.parse_tests(prompts.tests_text(tests)) == f"{tests}\n"


@given(st.text())
def test_anything_else_is_read_without_complaint(text: str) -> None:
    prompts.parse_answer(text)
    prompts.parse_tests(text)


def test_pieces_that_are_missing_are_empty() -> None:
    assert prompts.parse_answer("") == prompts.Answer("", "")
    assert prompts.parse_answer("```python\nx = 1") == prompts.Answer("", "")
    only_tests = "### Tests\n```python\nassert f(1)\n```\n"
    assert prompts.parse_answer(only_tests) == prompts.Answer("", "assert f(1)\n")


def test_a_document_is_a_prompt_and_what_it_asks_for() -> None:
    forms: dict[str, int] = {"solution": 0, "answer": 0, "tests": 0}
    for document in corpus.documents(0, 400):
        if document.prompt.endswith("### Tests\n"):
            forms["tests"] += 1
            assert prompts.parse_tests(document.completion).count("assert ") == 3
        elif "\nThen test it.\n" in document.prompt:
            forms["answer"] += 1
            answer = prompts.parse_answer(document.completion)
            assert answer.code.startswith("def ")
            assert answer.tests.count("assert ") == 3
        else:
            forms["solution"] += 1
            assert prompts.parse_answer(document.completion).tests == ""
    assert forms["solution"] > forms["answer"] > 50
    assert forms["tests"] > 50


def test_the_corpus_is_noisy_as_much_as_it_says() -> None:
    tasks = sample_tasks(0, 1000, "pretrain")
    written = [
        (prompts.parse_answer(document.completion).code, task)
        for document, task in zip(corpus.documents(0, 1000), tasks, strict=True)
        if "### Response" in document.prompt
    ]
    wrong = sum(code != f"{task.solution}\n" for code, task in written)
    assert abs(wrong / len(written) - corpus.WRONG_SHARE) < 0.06


def test_the_corpus_shows_nothing_that_is_held_out() -> None:
    text = "".join(document.prompt + document.completion for document in corpus.documents(0, 1000))
    for task in sample_tasks(0, 1000, "held_out"):
        assert f" {task.name}(" not in text
    assert corpus.documents(0, 5) == corpus.documents(0, 1000)[:5]
