"""A small chain for the tests: two stages of our own, a model and a verifier that are functions."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from fake_model import FakeModel

from veristone import Generation, GenerationRequest, Model, Reason, Sample, Usage, Verdict, Verifier
from veristone.files import only_one
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.feed import Fed, feed
from veristone.generators.synthesis.pipeline.folder import ATTEMPTS, RunFolder, begin
from veristone.generators.synthesis.pipeline.work import asking, judging, work_off
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.templates import Template
from veristone.generators.synthesis.verification import Verify
from veristone.queues import Consumed

FROZEN = b'{"recipe": "of the tests"}\n'


class Instruct(Stage, frozen=True):
    """One instruction for a record; `no` is refused."""

    kind: Literal["instruct"] = "instruct"
    template: Template = Template(name="instruct.jinja", text="about {{ record.id }}")

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        return [GenerationRequest(id=f"instruct/{record.id}", prompt=f"about {record.id}")]

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        text = answers[0].completions[0].text
        if text == "no":
            refusal = Refusal(record=record, stage="instruct", reason="empty", text=text)
            return StageResult(key=record.id, refused=(refusal,))
        kept = msgspec.structs.replace(record, instruction=text)
        return StageResult(
            key=record.id, kept=(kept,), completion_tokens=answers[0].completion_tokens
        )


class Respond(Stage, frozen=True):
    """Several responses for an instruction."""

    kind: Literal["respond"] = "respond"
    template: Template = Template(name="respond.jinja", text="do {{ record.id }}")
    n: int = 3

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        request = GenerationRequest(
            id=f"respond/{record.id}", prompt=f"do {record.id}", n=self.n, seed=random_seed
        )
        return [request]

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        kept: list[Record] = []
        refused: list[Refusal] = []
        for number, completion in enumerate(answers[0].completions):
            name = f"{record.id}/{number}"
            if "return" not in completion.text:
                given = msgspec.structs.replace(record, id=name)
                refused.append(
                    Refusal(record=given, stage="respond", reason="no_code", text=completion.text)
                )
                continue
            kept.append(
                msgspec.structs.replace(
                    record,
                    id=name,
                    response=completion.text,
                    code=completion.text,
                    tests="assert f(2) == 4\nassert f(3) == 6\n",
                )
            )
        return StageResult(key=record.id, kept=tuple(kept), refused=tuple(refused))


STAGES: tuple[Stage, ...] = (Instruct(), Respond())
NAMES = ("instruct", "respond", VERIFY)
_CODE = (
    "def f(x):\n    return 2 * x\n",
    "def f(x):\n    return x * x\n",
    "def f(x):\n    return x + x\n",
    "nothing to see here",
    "def f(x):\n    return object()\n",
)


def digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def answer(request: GenerationRequest) -> str | list[str]:
    """What the model of the tests says: the same to the same request, always."""
    number = digest(request.id)
    if request.id.startswith("instruct/"):
        if number % 11 == 0:
            return "no"
        # Some are equal but for their looks, so that there are duplicates.
        return (
            f"Double  a number, way {number % 40}"
            if number % 2
            else f"double a NUMBER, way {number % 40}"
        )
    return [_CODE[(number + each) % len(_CODE)] for each in range(request.n)]


def fake_model() -> FakeModel:
    return FakeModel(answer)


class FakeVerifier:
    """Judges by looking: what differs from run to run does differ."""

    def __init__(self, judge: Callable[[Sample], Reason] | None = None) -> None:
        self.judged: list[str] = []
        self._judge = judge or looked

    async def verify(self, sample: Sample) -> Verdict:
        self.judged.append(sample.id)
        reason = self._judge(sample)
        return Verdict(
            id=sample.id,
            decision=reason.decision,
            reason=reason,
            message="" if reason is Reason.PASSED else f"<object at {id(sample):#x}>",
            usage=Usage(cpu_s=len(self.judged) / 1000),
            attempts=len(self.judged) % 3 + 1,
        )

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        raise NotImplementedError
        yield


def looked(sample: Sample) -> Reason:
    if "2 * x" in sample.code or "x + x" in sample.code:
        return Reason.PASSED
    return Reason.RUNTIME_ERROR if "object" in sample.code else Reason.ASSERTION_FAILED


def inputs(count: int, prefix: str = "s") -> list[Record]:
    return [
        Record(
            id=f"{prefix}{number}",
            seed=Seed(
                id=f"{prefix}{number}",
                code=f"def g():\n    return {number}\n",
                language="python",
                provenance=Provenance(source="tests", path=f"{number}.py"),
            ),
        )
        for number in range(count)
    ]


async def started(
    path: Path, records: Iterable[Record], *, redis: str | None = None, attempts: int = ATTEMPTS
) -> tuple[RunFolder, Fed]:
    """A run with its input in the first queue."""
    names = [stage.name for stage in STAGES]
    with only_one(path):
        folder = begin(path, FROZEN, names, redis=redis, attempts=attempts)
        async with folder.open() as chain:
            await chain.reopen()
            return folder, await feed(chain, records)


async def work(
    folder: RunFolder, stage: Stage, model: Model, *, concurrency: int = 4, lease_s: float = 30.0
) -> Consumed:
    """Work a stage off in this process."""
    asked = asking(stage, model, 0)
    async with folder.open() as chain:
        return await work_off(chain, stage.name, asked, concurrency=concurrency, lease_s=lease_s)


async def verify(
    folder: RunFolder, verifier: Verifier, *, concurrency: int = 4, lease_s: float = 30.0
) -> Consumed:
    judge = judging(verifier, Verify())
    async with folder.open() as chain:
        return await work_off(chain, VERIFY, judge, concurrency=concurrency, lease_s=lease_s)


async def exported(folder: RunFolder) -> dict[str, bytes]:
    """What is promised to be the same bytes, by file."""
    with only_one(folder.path):
        await export(folder)
    names = ("concepts", "instructions", "responses", "refused")
    files = {name: (folder.path / f"{name}.jsonl").read_bytes() for name in names}
    files["counts"] = (folder.path / "counts.json").read_bytes()
    return files


def read(folder: RunFolder, name: str) -> list[Record]:
    lines = (folder.path / f"{name}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Record) for line in lines]


def refusals(folder: RunFolder) -> list[Refusal]:
    lines = (folder.path / "refused.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Refusal) for line in lines]
