"""Parts of the stages' tests: a seed, examples, answers."""

from collections.abc import Sequence

from veristone import Completion, Generation
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record, StageResult
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.templates import Template

__all__ = ["EXAMPLES", "RECORD", "SEED", "answer", "ask", "reasons", "template"]

SEED = Seed(
    id="abc",
    code='def first_word(text):\n    """Word 1 of {{ text }}."""\n    return text.split()[0]\n',
    language="python",
    imports=("import re",),
    provenance=Provenance(source="test", path="a.py"),
)
RECORD = Record(id="abc", seed=SEED)
EXAMPLES = [
    Example(
        name=f"{number:02}-{word}",
        snippet=f"def {word}(items): return sorted(items)[{number}]",
        concepts=("sorting", word),
        category="function",
        difficulty="easy",
        instruction=f"Write a function `{word}` that returns number {number} of a sorted list "
        f"and explains how {word} is meant.",
        response=f"```python\ndef {word}(items):\n    return sorted(items)[{number}]\n```",
        tests=f"assert {word}([3, 1, 2, 5, 4]) == {number + 1}",
    )
    for number, word in enumerate(("least", "second", "third", "fourth", "most"))
]


def template(text: str, name: str = "t.jinja") -> Template:
    return Template(name=name, text=text)


def answer(*texts: str, finish: str = "stop", name: str = "whatever") -> Generation:
    return Generation(
        id=name,
        model="tiny",
        completions=tuple(Completion(text=text, finish_reason=finish) for text in texts),
        prompt_tokens=10,
        completion_tokens=len(texts),
    )


def ask(
    stage: Stage, record: Record, *texts: str, finish: str = "stop", seed: int = 0
) -> StageResult:
    """Show a stage's answers to itself, as a run would."""
    requests = stage.requests(record, seed)
    assert [request.n for request in requests] == [len(texts)]
    requests[0].validate()
    result = stage.read(record, [answer(*texts, finish=finish, name=requests[0].id)], seed)
    assert result.key == record.id
    ids = [kept.id for kept in result.kept] + [refusal.record.id for refusal in result.refused]
    assert len(set(ids)) == len(ids)
    return result


def reasons(result: StageResult) -> Sequence[str]:
    return [refusal.reason for refusal in result.refused]
