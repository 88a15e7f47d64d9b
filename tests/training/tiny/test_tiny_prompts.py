"""What the tiny model reads and writes, and its pre-training text."""

from veristone.generators.code.fences import fences
from veristone.training.tiny import corpus, prompts
from veristone.training.tiny.tasks import sample_tasks
from veristone.training.tiny.templates import templates


def blocks(document: corpus.Document) -> list[str]:
    """The code blocks of what the model learns to write."""
    return [block.code for block in fences(document.completion)]


def test_a_document_is_a_prompt_and_what_it_asks_for() -> None:
    alone = 0
    for document in corpus.documents(0, 400):
        code, *tests = blocks(document)
        assert code.rstrip("\n") == document.code
        assert document.instruction in document.prompt
        assert bool(tests) == ("\nThen test it.\n" in document.prompt)
        if tests:
            assert [suite.count("assert ") for suite in tests] == [2]
        else:
            alone += 1
            assert document.completion == prompts.fenced(document.code)
    assert 40 < alone < 160


def test_the_corpus_is_noisy_as_much_as_it_says() -> None:
    tasks = sample_tasks(0, 2000, "pretrain")
    written = list(zip(corpus.documents(0, 2000), tasks, strict=True))
    assert all(one.code in (task.solution, *task.mistakes) for one, task in written)
    right = sum(one.code == task.solution for one, task in written)
    assert abs(right - sum(templates()[task.template].share for task in tasks)) < 100
    suites = [(blocks(one)[1].rstrip("\n"), task) for one, task in written if len(blocks(one)) > 1]
    true = sum(suite == "\n".join(task.example_tests) for suite, task in suites)
    assert abs(true / len(suites) - corpus.RIGHT_BELIEFS) < 0.05


def test_documents_are_the_same_however_many_are_asked_for() -> None:
    assert corpus.documents(0, 5) == corpus.documents(0, 100)[:5]
