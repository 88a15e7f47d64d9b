"""What else a verified group is good for: preference pairs, labelled rows, repairs.

A failure counts where the program itself was wrong: it gave a wrong answer or raised. Time-outs and
limits say as much about the limits; what could not be decided says nothing. All answers of an
instruction are formatted alike.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from veristone import Reason, Verdict
from veristone.generators.code.draws import draw
from veristone.generators.selection.formatting import Formatting, show_response
from veristone.generators.selection.rows import Preference, Repair, Unpaired
from veristone.generators.synthesis.records import Record

__all__ = [
    "USED_FAILURES",
    "Answers",
    "Products",
    "clean_error",
    "collect_answers",
    "make_products",
    "preferences",
    "repairs",
    "unpaired",
]

USED_FAILURES = frozenset({Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED, Reason.RUNTIME_ERROR})
"""Failures that speak of the program."""
_MAX_ANSWERS = 100
"""Passes, and failures, of one instruction that are looked at: pairs are their product."""
_MAX_COMPARED_CHARS = 4000
_MAX_COMPARED_PASSES = 20
"""Comparing two texts takes time with the product of their lengths."""
_MAX_ERROR_CHARS = 400


class Products(BaseModel):
    """How much is made of each instruction; 0: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preferences: int = Field(default=0, ge=0, le=100)
    """Pairs."""
    kto: int = Field(default=0, ge=0, le=100)
    """Good rows, and as many bad ones at most."""
    repairs: int = Field(default=0, ge=0, le=100)
    max_length_ratio: float = Field(default=1.5, ge=1.0)
    """Longer over shorter of the two answers of a pair: length must not tell them apart."""


class Answer(NamedTuple):
    """An answer as a student sees it, and where it comes from."""

    record: Record
    text: str
    sections: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict, which every answer here has."""
        assert self.record.verdict is not None
        return self.record.verdict


class Answers(NamedTuple):
    """The answers to one instruction that products may use, in random order."""

    group: str
    """Id of the instruction."""
    prompt: str
    """The instruction as the student sees it."""
    passes: list[Answer]
    failures: list[Answer]


Product: TypeAlias = Preference | Unpaired | Repair


def make_products(
    answers: Answers, settings: Products, is_clean: Callable[[str], bool]
) -> dict[str, list[Product]]:
    """Return the products of an instruction whose rows were selected, by file. `is_clean` sees
    every answer that leaves: is it no benchmark's?"""
    is_clean = cache(is_clean)
    made: dict[str, Sequence[Product]] = {
        "preferences": preferences(answers, settings),
        "kto": unpaired(answers, settings),
        "repairs": repairs(answers, settings),
    }
    return {
        name: [product for product in products if all(map(is_clean, _texts(product)))]
        for name, products in made.items()
    }


def _texts(product: Product) -> tuple[str, ...]:
    match product:
        case Preference():
            return product.chosen, product.rejected
        case Repair():
            return product.failing, product.completion
        case Unpaired():
            return (product.completion,)


def collect_answers(
    group: str,
    prompt: str,
    passes: Sequence[Record],
    failures: Sequence[Record],
    formatting: Formatting,
    random_seed: int,
    passing_behaviour: Collection[str] = (),
) -> Answers:
    """Return the answers to an instruction.

    Args:
        group: id of the instruction.
        prompt: the instruction as the student sees it.
        passes: responses that went through every gate.
        failures: of any kind.
        formatting: how answers are shown.
        random_seed: of the recipe.
        passing_behaviour: ids of failures that behave like a pass, where that is known.
    """

    def shown(records: Sequence[Record]) -> list[Answer]:
        drawn = sorted(records, key=lambda one: draw(random_seed, "product", one.id))
        texts = [show_response(record, formatting, random_seed, group) for record in drawn]
        pairs = zip(drawn, texts, strict=True)
        return [Answer(record, text.text, text.sections) for record, text in pairs if text.text]

    good = shown(passes)
    # The same answer passed beside other tests: nothing to be learnt from it.
    texts = {"".join(one.text.split()) for one in good}
    usable = [
        record
        for record in failures
        if record.verdict is not None
        and record.verdict.reason in USED_FAILURES
        and record.id not in passing_behaviour
    ]
    bad = [one for one in shown(usable) if "".join(one.text.split()) not in texts]
    return Answers(group, prompt, good[:_MAX_ANSWERS], bad[:_MAX_ANSWERS])


def preferences(answers: Answers, settings: Products) -> list[Preference]:
    """Return pairs of a pass and a failure for DPO, the most similar in length first.

    Both have the same sections and similar lengths, so that what tells them apart is whether the
    program is right. Each failure stands in one pair; passes are used again where there are fewer
    of them than failures.
    """
    couples: list[tuple[float, int, Answer, Answer]] = []
    for good in answers.passes:
        for bad in answers.failures:
            shorter, longer = sorted((len(good.text), len(bad.text)))
            ratio = longer / shorter
            if good.sections == bad.sections and ratio <= settings.max_length_ratio:
                couples.append((ratio, len(couples), good, bad))
    couples.sort()
    found: list[Preference] = []
    used: Counter[str] = Counter()
    for times in range(settings.preferences):
        for _, _, good, bad in couples:
            if len(found) == settings.preferences:
                return found
            if used[bad.record.id] or used[good.record.id] > times:
                continue
            used[bad.record.id] += 1
            used[good.record.id] += 1
            found.append(
                Preference(
                    id=_pair_id(good, bad),
                    group=answers.group,
                    prompt=answers.prompt,
                    chosen=good.text,
                    rejected=bad.text,
                    reason=str(bad.verdict.reason),
                    language=good.record.language,
                )
            )
    return found


def unpaired(answers: Answers, settings: Products) -> list[Unpaired]:
    """Return single answers with a label for KTO, as many of each label at most as settings say."""
    labelled = [(one, True) for one in answers.passes[: settings.kto]]
    labelled += [(one, False) for one in answers.failures[: settings.kto]]
    return [
        Unpaired(
            id=one.record.id,
            group=answers.group,
            prompt=answers.prompt,
            completion=one.text,
            label=label,
            reason=str(one.verdict.reason),
            language=one.record.language,
        )
        for one, label in labelled
    ]


def repairs(answers: Answers, settings: Products) -> list[Repair]:
    """Return questions with a failing answer and its error, and the pass that is most like it as
    the reply, so that as little as possible changes. Failures without a message make none."""
    return list(islice(_repairs(answers), settings.repairs))


def _repairs(answers: Answers) -> Iterator[Repair]:
    for bad in answers.failures if answers.passes else ():
        error = clean_error(bad.verdict)
        if not error:
            continue
        fixed = _nearest(bad, answers.passes)
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", error))])
        yield Repair(
            id=_pair_id(bad, fixed),
            group=answers.group,
            prompt=f"{answers.prompt}\n\nThis answer does not work:\n\n{bad.text}\n\n"
            f"When it is run, this is what is seen:\n\n{fence}\n{error}\n{fence}\n\n"
            "Give an answer that works.",
            completion=fixed.text,
            instruction=answers.prompt,
            failing=bad.text,
            error=error,
            reason=str(bad.verdict.reason),
            language=bad.record.language,
        )


def _nearest(failure: Answer, passes: Sequence[Answer]) -> Answer:
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(failure.text[:_MAX_COMPARED_CHARS].split())

    def likeness(one: Answer) -> float:
        matcher.set_seq1(one.text[:_MAX_COMPARED_CHARS].split())
        return matcher.ratio()

    return max(passes[:_MAX_COMPARED_PASSES], key=likeness)


def _pair_id(one: Answer, other: Answer) -> str:
    return f"{one.record.id}>{other.record.id.rpartition('/')[2]}"


_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_PATH = re.compile(r"(?<![\w.])/(?:[\w.@+-]+/)+([\w.@+-]+)")
_LINE = re.compile(r"^line \d+(?: of the tests)?: ")


def clean_error(verdict: Verdict, limit: int = _MAX_ERROR_CHARS) -> str:
    """Return what went wrong, in at most `limit` characters; empty where nothing is known.

    Addresses become `0x...`, paths their last part; colours and control characters go, and the
    line number of test code that the student does not see.
    """
    text = verdict.message or next((t.message for t in verdict.tests if not t.passed), "")
    text = _CONTROL.sub("", _COLOUR.sub("", text)).strip()
    text = _PATH.sub(r"\1", _ADDRESS.sub("0x...", text))
    text = _LINE.sub("", text)
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head].rstrip()} [...] {text[-(limit - head - 7) :].lstrip()}"
