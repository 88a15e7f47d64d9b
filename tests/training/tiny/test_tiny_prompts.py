"""What the tiny model reads and writes, and its pre-training text."""

from veristone.generators.code.fences import fences
from veristone.training.tiny import corpus, prompts
from veristone.training.tiny.tasks import sample_tasks
from veristone.training.tiny.templates import templates


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
    tasks = sample_tasks(0, 2000, "pretrain")
    written = list(zip(corpus.documents(0, 2000), tasks, strict=True))
    solved = [(one.code, task) for one, task in written if one.code]
    right = sum(code == task.solution for code, task in solved)
    share = sum(templates()[task.template].share for _, task in solved)
    assert abs(right - share) < 0.05 * len(solved)
    assert all(code in (task.solution, *task.mistakes) for code, task in solved)
    true = [
        "\n".join(task.example_tests) == blocks(one)[-1].rstrip("\n")
        for one, task in written
        if "### Tests" in one.prompt + one.completion
        and all(suite != task.example_tests for suite in task.mistaken_tests)
    ]
    assert abs(sum(true) / len(true) - corpus.RIGHT_BELIEFS) < 0.05


def test_documents_are_the_same_however_many_are_asked_for() -> None:
    assert corpus.documents(0, 5) == corpus.documents(0, 100)[:5]
