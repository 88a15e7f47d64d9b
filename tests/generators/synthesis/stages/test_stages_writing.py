"""Stages that write concepts and instructions."""

import msgspec
import pytest
from stage_parts import EXAMPLES, RECORD, SEED, answer, ask, reasons, template

from veristone.generators.synthesis.draws import Properties
from veristone.generators.synthesis.records import Record, Trace
from veristone.generators.synthesis.stages.base import Sampling
from veristone.generators.synthesis.stages.evolve import Evolve, Method
from veristone.generators.synthesis.stages.instructions import Concepts, Instructions, Propose

TASK = "Write a function `last_word` that returns the last word of a text, or None."
CONCEPTS = Concepts(template=template("{{ seed_code }}\n### Concepts\n"), shots=0)
INSTRUCTIONS = Instructions(
    template=template("{{ concepts | join(', ') }} / {{ category }} / {{ difficulty }}"),
    shots=2,
    properties=Properties(categories={"class": 1}, difficulties={"easy": 1, "hard": 1}),
).with_examples(EXAMPLES)


def test_a_request_is_the_same_for_ever() -> None:
    [request] = CONCEPTS.requests(RECORD, 7)
    assert request.id == "concepts/abc"
    assert request.prompt == f"import re\n\n{SEED.code.rstrip()}\n### Concepts\n"
    assert (request.n, request.max_tokens, request.temperature) == (1, 1536, 0.7)
    assert request == CONCEPTS.requests(RECORD, 7)[0]
    assert request.seed != CONCEPTS.requests(RECORD, 8)[0].seed
    assert request.seed is not None
    assert 0 <= request.seed < 1 << 31


def test_records_of_a_deck_begin_alike() -> None:
    stage = Instructions(
        template=template(
            "{% for shot in shots %}{{ shot.instruction }}\n{% endfor %}{{ seed_code }}"
        ),
        shots=3,
        decks=4,
    ).with_examples(EXAMPLES)
    records = [msgspec.structs.replace(RECORD, id=str(n)) for n in range(40)]
    prompts = [stage.requests(record, 0)[0].prompt for record in records]
    assert all(prompt.endswith(SEED.code.rstrip()) for prompt in prompts)
    assert 2 <= len(set(prompts)) <= 4


def test_concepts() -> None:
    result = ask(CONCEPTS, RECORD, " word splitting, indexing\n")
    [kept] = result.kept
    assert kept.concepts == ("word splitting", "indexing")
    assert kept.id == "abc"
    assert kept.seed == SEED
    assert kept.traces == (
        Trace(
            stage="concepts",
            model="tiny",
            request="concepts/abc",
            seed=CONCEPTS.requests(RECORD, 0)[0].seed,
            finish_reason="stop",
        ),
    )
    assert (result.prompt_tokens, result.completion_tokens) == (10, 1)


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("", "stop", "empty"),
        ("a, b", "length", "truncated"),
        ("a, b", "abort", "unfinished"),
        (",,", "stop", "bad_concepts"),
        ("a, b\n\n## Example 3\n### Snippet\nx", "stop", "leaked_template"),
        ("This function splits a text into its words and returns the first one.", "stop",
         "bad_concepts"),
    ],
)  # fmt: skip
def test_no_concepts(text: str, finish: str, reason: str) -> None:
    result = ask(CONCEPTS, RECORD, text, finish=finish)
    assert not result.kept
    [refusal] = result.refused
    assert refusal.reason == reason
    assert refusal.record == RECORD
    assert (refusal.stage, refusal.text, refusal.finish_reason) == ("concepts", text, finish)


def test_an_instruction_keeps_what_was_drawn_and_shown() -> None:
    given = msgspec.structs.replace(RECORD, concepts=("a", "b"))
    [request] = INSTRUCTIONS.requests(given, 0)
    [kept] = ask(INSTRUCTIONS, given, f"\n{TASK}\n").kept
    assert request.prompt == f"a, b / class / {kept.difficulty}"
    assert kept.instruction == TASK
    assert kept.category == "class"
    assert kept.difficulty in ("easy", "hard")
    assert len(kept.traces[0].shots) == 2
    assert set(kept.traces[0].shots) < {example.name for example in EXAMPLES}
    assert kept.traces[0].shots == ask(INSTRUCTIONS, given, TASK).kept[0].traces[0].shots


def test_several_instructions_of_one_request() -> None:
    stage = INSTRUCTIONS.model_copy(update={"sampling": Sampling(n=4)})
    result = ask(
        stage, RECORD, TASK, f" {TASK.upper()} ", "Nothing.", TASK.replace("last", "longest")
    )
    assert [kept.id for kept in result.kept] == ["abc/0", "abc/3"]
    assert [(r.record.id, r.reason) for r in result.refused] == [
        ("abc/1", "duplicate"),
        ("abc/2", "too_short"),
    ]


def test_a_completion_like_a_refused_one_is_judged_for_itself() -> None:
    stage = INSTRUCTIONS.model_copy(update={"sampling": Sampling(n=2)})
    given = [answer("Nothing.", "Nothing.")]
    assert reasons(stage.read(RECORD, given, 0)) == ["too_short", "too_short"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SEED.code, "copies_seed"),
        (f"Do as here:\n```python\n{SEED.code}```", "copies_seed"),
        ("Fix this function for me please:\n```python\ndef f(", "truncated"),
        (f"{TASK}<|endoftext|>", "leaked_template"),
        ("x" * 5000, "too_long"),
    ],
)
def test_no_instruction(text: str, reason: str) -> None:
    assert reasons(ask(INSTRUCTIONS, RECORD, text)) == [reason]


def test_an_example_that_was_shown_and_comes_back() -> None:
    shown = INSTRUCTIONS.shown(RECORD, 0)[0]
    assert reasons(ask(INSTRUCTIONS, RECORD, shown.instruction)) == ["copies_example"]


def test_reasons_may_be_permitted() -> None:
    stage = INSTRUCTIONS.model_copy(update={"permit": ("too_short", "truncated")})
    [kept] = ask(stage, RECORD, "Nothing.", finish="length").kept
    assert kept.instruction == "Nothing."
    assert kept.traces[0].finish_reason == "length"


def test_a_label_on_top_is_no_part_of_an_instruction() -> None:
    [kept] = ask(INSTRUCTIONS, RECORD, f"**Instruction:**\n{TASK}").kept
    assert kept.instruction == TASK


PROPOSE = Propose(
    template=template("{{ shots | length }} {{ difficulty }}"), shots=2
).with_examples(EXAMPLES)


def test_proposals_are_unlike_every_example_also_those_not_shown() -> None:
    record = Record(id="draw-00000001")
    [kept] = ask(PROPOSE, record, TASK).kept
    assert kept.instruction == TASK
    shown = {example.name for example in PROPOSE.shown(record, 0)}
    hidden = next(example for example in EXAMPLES if example.name not in shown)
    near = hidden.instruction.replace("returns", "gives back").replace("explains", "says")
    [refusal] = ask(PROPOSE, record, near).refused
    assert refusal.reason == "copies_example"
    assert "ROUGE-L" in refusal.detail


def test_every_draw_has_examples_of_its_own() -> None:
    stage = Propose(template=template("x"), shots=3).with_examples(EXAMPLES)
    decks = {tuple(e.name for e in stage.shown(Record(id=str(n)), 0)) for n in range(60)}
    assert len(decks) > 20


PARENT = msgspec.structs.replace(RECORD, instruction=TASK)
HARDER = f"{TASK} Quoted passages count as one word, and nested quotes are kept as they are."
EVOLVE = Evolve(
    template=template("{{ method }}: {{ instruction }}"),
    methods=(
        Method(name="constraint", text="Add a constraint"),
        Method(name="depth", text="Go deeper"),
        Method(name="never", weight=0),
    ),
)


def test_evolutions_keep_their_history() -> None:
    result = ask(EVOLVE, PARENT, HARDER)
    [kept] = result.kept
    assert (kept.id, kept.instruction) == ("abc", HARDER)
    assert [(e.method, e.instruction) for e in kept.history] == [
        (EVOLVE.method(PARENT, 0).name, TASK)
    ]
    again = EVOLVE.model_copy(update={"name": "evolve-2"})
    [twice] = ask(again, kept, HARDER + " Return their number, too.").kept
    assert [e.instruction for e in twice.history] == [TASK, HARDER]
    assert [trace.stage for trace in twice.traces] == ["evolve", "evolve-2"]


def test_methods_are_drawn_by_weight() -> None:
    records = [msgspec.structs.replace(PARENT, id=str(n)) for n in range(60)]
    prompts = {EVOLVE.requests(record, 0)[0].prompt for record in records}
    assert prompts == {f"Add a constraint: {TASK}", f"Go deeper: {TASK}"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TASK, "not_evolved"),
        ("Sure! def last_word(text): return text.split()[-1]", "not_evolved"),
        (HARDER * 4, "too_long"),
        ("", "empty"),
    ],
)
def test_what_did_not_evolve(text: str, reason: str) -> None:
    result = ask(EVOLVE, PARENT, text)
    assert reasons(result) == [reason]
    assert not result.kept


def test_the_parent_may_go_on() -> None:
    refused = EVOLVE.model_copy(update={"keep_parent": "refused"})
    result = refused.read(PARENT, [answer(TASK)], 0)
    assert result.kept == (PARENT,)
    assert reasons(result) == ["not_evolved"]
    assert [k.instruction for k in refused.read(PARENT, [answer(HARDER)], 0).kept] == [HARDER]


def test_settings_of_evolutions() -> None:
    with pytest.raises(ValueError, match="same name"):
        Evolve(template=template("x"), methods=(Method(name="a"), Method(name="a")))
    with pytest.raises(ValueError, match="weights"):
        Evolve(template=template("x"), methods=(Method(name="a", weight=0),))
    with pytest.raises(ValueError, match="methods"):
        Evolve(template=template("x"), methods=())
