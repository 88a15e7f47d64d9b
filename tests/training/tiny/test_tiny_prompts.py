"""What the tiny model reads and writes, and its pre-training text."""

from veristone.generators.code.fences import fences
from veristone.training.tiny import corpus, prompts
from veristone.training.tiny.tasks import sample_tasks


def blocks(document: corpus.Document) -> list[str]:
    """The code blocks of what the model learns to write."""
    return [block.code for block in fences(document.completion)]


def test_a_document_is_a_prompt_and_what_it_asks_for() -> None:
    forms: dict[str, int] = {"solution": 0, "answer": 0, "tests": 0}
    for document in corpus.documents(0, 400):
        if document.prompt.endswith("### Tests\n"):
            forms["tests"] += 1
            (tests,) = blocks(document)
            assert tests.count("assert ") == 3
        elif "\nThen test it.\n" in document.prompt:
            forms["answer"] += 1
            code, tests = blocks(document)
            assert code.startswith("def ")
            assert tests.count("assert ") == 3
        else:
            forms["solution"] += 1
            (code,) = blocks(document)
            assert document.completion == prompts.fenced(code.rstrip("\n"))
    assert forms["solution"] > forms["answer"] > 50
    assert forms["tests"] > 50


def test_the_corpus_is_noisy_as_much_as_it_says() -> None:
    tasks = sample_tasks(0, 1000, "pretrain")
    written = [
        (blocks(document)[0], task)
        for document, task in zip(corpus.documents(0, 1000), tasks, strict=True)
        if "### Response" in document.prompt
    ]
    wrong = sum(code.rstrip("\n") != task.solution for code, task in written)
    assert abs(wrong / len(written) - corpus.WRONG_SHARE) < 0.06


def test_the_corpus_shows_nothing_that_is_held_out() -> None:
    text = "".join(document.prompt + document.completion for document in corpus.documents(0, 1000))
    for task in sample_tasks(0, 1000, "held_out"):
        assert f" {task.name}(" not in text
    assert corpus.documents(0, 5) == corpus.documents(0, 1000)[:5]
