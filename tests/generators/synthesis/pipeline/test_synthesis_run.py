"""A run's records, however its workers come and go."""

import asyncio
import json
import random
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from fake_model import FakeModel
from pipeline_parts import (
    STAGES,
    FakeVerifier,
    answer,
    digest,
    exported,
    fake_model,
    inputs,
    looked,
    read,
    refusals,
    started,
    verify,
    work,
)

from veristone import (
    Completion,
    ConfigError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    Reason,
    RequestRefused,
    Sample,
)
from veristone.generators.synthesis.pipeline.chain import finished
from veristone.generators.synthesis.pipeline.folder import RunFolder
from veristone.generators.synthesis.pipeline.whole import (
    NothingAnswered,
    nothing_answered,
    run_whole,
)


async def whole(folder: RunFolder) -> dict[str, bytes]:
    """The undisturbed way: one stage after another."""
    for stage in STAGES:
        await work(folder, stage, fake_model())
    await verify(folder, FakeVerifier())
    return await exported(folder)


@pytest.fixture
async def reference(tmp_path: Path) -> dict[str, bytes]:
    folder, _ = await started(tmp_path / "reference", inputs(60))
    return await whole(folder)


async def test_every_completion_is_accounted_for(tmp_path: Path) -> None:
    folder, fed = await started(tmp_path / "run", inputs(60))
    assert fed == (60, 0)
    await whole(folder)
    refused = refusals(folder)
    reasons = Counter((one.stage, one.reason) for one in refused)
    instructions, responses = read(folder, "instructions"), read(folder, "responses")
    assert len(instructions) + reasons["instruct", "empty"] == 60
    made = 3 * (60 - reasons["instruct", "empty"])
    assert len(responses) + reasons["respond", "no_code"] == made
    assert min(reasons.values()) > 0
    assert {record.verdict.decision for record in responses if record.verdict} == {"pass", "fail"}
    for records in (instructions, responses):
        assert [record.id for record in records] == sorted(record.id for record in records)


async def test_all_stages_at_once_in_any_order_of_the_input(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    records = inputs(60)
    random.Random(3).shuffle(records)
    folder, _ = await started(tmp_path / "run", records)
    async with asyncio.TaskGroup() as group:
        group.create_task(verify(folder, FakeVerifier(), concurrency=3))
        for stage in reversed(STAGES):
            group.create_task(work(folder, stage, fake_model(), concurrency=7))
    assert await exported(folder) == reference


async def test_cancelled_again_and_again(tmp_path: Path, reference: dict[str, bytes]) -> None:
    """As by Ctrl-C, at any await."""
    chance = random.Random(5)
    folder, _ = await started(tmp_path / "run", inputs(60))

    async def slowly(request: GenerationRequest) -> str | list[str]:
        await asyncio.sleep(chance.random() / 50)
        return answer(request)

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(verify(folder, FakeVerifier()))
            for stage in STAGES:
                group.create_task(work(folder, stage, FakeModel(slowly)))

    for _ in range(20):
        task = asyncio.create_task(everything())
        await asyncio.wait((task,), timeout=chance.random() / 8)
        task.cancel()
        await asyncio.wait((task,))
    await everything()
    assert await exported(folder) == reference


async def test_delivered_twice_at_the_same_time(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """Leases that expire while their holders work on: everybody goes on with the first result."""
    folder, _ = await started(tmp_path / "run", inputs(60), attempts=1000)
    voices = iter(range(10**6))

    async def differently(request: GenerationRequest) -> str | list[str]:
        """Slower than the lease, and of another opinion each time."""
        voice = next(voices)
        await asyncio.sleep(0.06)
        said = answer(request)
        return said if isinstance(said, str) else [f"# {voice}\n{text}" for text in said]

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            for stage in STAGES:
                group.create_task(work(folder, stage, FakeModel(differently), lease_s=0.05))
            group.create_task(verify(folder, FakeVerifier(), lease_s=0.05))
    files = await exported(folder)
    assert files["instructions"] == reference["instructions"]
    # What a response says depends on who was first, but each is there once, with one verdict.
    ids = [record.id for record in read(folder, "responses")]
    assert len(ids) == len(set(ids))
    assert files["counts"] == reference["counts"]


@pytest.mark.slow
async def test_a_model_that_is_away_every_fifth_time(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    chance = random.Random(1)
    away: Counter[str] = Counter()

    def moody(request: GenerationRequest) -> str | list[str]:
        # Each time costs twice the wait of the time before.
        if chance.random() < 0.2 and away[request.id] < 2:
            away[request.id] += 1
            raise ModelUnavailable("busy")
        return answer(request)

    folder, _ = await started(tmp_path / "run", inputs(60))
    for stage in STAGES:
        await work(folder, stage, FakeModel(moody), concurrency=16)
    await verify(folder, FakeVerifier(), concurrency=16)
    assert await exported(folder) == reference
    assert (folder.path / "dead.jsonl").read_bytes() == b""


async def test_what_a_server_refuses_is_kept_and_asked_again(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    def strict(request: GenerationRequest) -> str | list[str]:
        if digest(request.id) % 5 == 0:
            raise RequestRefused("the prompt has\n9,000 tokens")
        return answer(request)

    folder, _ = await started(tmp_path / "run", inputs(60))
    for stage in STAGES:
        await work(folder, stage, FakeModel(strict))
    await verify(folder, FakeVerifier())
    await exported(folder)
    expected = {r.id for r in inputs(60) if digest(f"instruct/{r.id}") % 5 == 0}
    dead = [json.loads(line) for line in (folder.path / "dead.jsonl").read_text().splitlines()]
    assert {one["record"]["id"] for one in dead if one["stage"] == "instruct"} == expected
    assert all("the prompt has 9,000 tokens" in one["reasons"][-1] for one in dead)
    counts = json.loads((folder.path / "counts.json").read_text())
    assert counts["stages"][0]["refused_by_server"] == len(expected)
    async with folder.open() as chain:
        assert (await chain.put_back(only_refused=True))["instruct"] == len(expected)
    # The server was mended.
    assert await whole(folder) == reference


async def test_answers_without_a_text_are_kept_and_asked_again(tmp_path: Path) -> None:
    folder, _ = await started(tmp_path / "run", inputs(20))
    silent = Completion(text="", note="the server sent reasoning only")
    await work(folder, STAGES[0], FakeModel(lambda request: silent))
    async with folder.open() as chain:
        words = await chain.refused(STAGES[0].name)
    assert len(words) == 20
    assert set(words.values()) == {"no text came: the server sent reasoning only"}


async def test_a_server_that_refuses_everything_ends_the_work(tmp_path: Path) -> None:
    def never(request: GenerationRequest) -> str:
        raise RequestRefused("400: 'max_tokens' is not supported")

    folder, _ = await started(tmp_path / "run", inputs(60))
    with pytest.raises(ConfigError, match=r"every request of stage instruct .*'max_tokens'"):
        await work(folder, STAGES[0], FakeModel(never))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("no", "stage instruct: no answer is whole: 5 empty"),
        (None, r"stage instruct: every request was refused \(5\); too hot"),
    ],
)
async def test_a_run_without_a_single_answer_is_not_exported(
    tmp_path: Path, said: str | None, message: str
) -> None:
    def answered(request: GenerationRequest) -> str:
        if said is None:
            raise RequestRefused("too hot")
        return said

    folder, _ = await started(tmp_path / "run", inputs(5))
    for stage in STAGES:
        await work(folder, stage, FakeModel(answered))
    await verify(folder, FakeVerifier())
    # Everything is done that can be: only the last look is left to the run as a whole.
    if said is not None:
        with pytest.raises(NothingAnswered, match=message):
            await run_whole(folder, inputs(5), [], lambda _: None)
    else:
        async with folder.open() as chain:
            (first, *_) = await chain.look()
            assert re.search(message, f"stage instruct: {await nothing_answered(chain, first)}")
    assert not (folder.path / "responses.jsonl").exists()


async def test_faults_of_the_sandbox_are_dead_letters_and_can_be_tried_again(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """Never a failure of the program."""
    folder, _ = await started(tmp_path / "run", inputs(60), attempts=1)
    for stage in STAGES:
        await work(folder, stage, fake_model())

    def broken(sample: Sample) -> Reason:
        return Reason.SANDBOX_ERROR if digest(sample.id) % 4 == 0 else looked(sample)

    await verify(folder, FakeVerifier(broken))
    await exported(folder)
    dead = (folder.path / "dead.jsonl").read_text().splitlines()
    judged = {record.id for record in read(folder, "responses")}
    assert dead
    assert "sandbox_error" in dead[0]
    assert not any(digest(name) % 4 == 0 for name in judged)
    async with folder.open() as chain:
        assert finished(await chain.look())
        assert await chain.put_back() == {"verify": len(dead)}
    await verify(folder, FakeVerifier())
    assert await exported(folder) == reference
    assert (folder.path / "dead.jsonl").read_bytes() == b""


async def test_dead_letters_of_the_first_stage_go_all_the_way_when_put_back(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    def away(request: GenerationRequest) -> str | list[str]:
        if digest(request.id) % 3 == 0:
            raise ModelUnavailable("away")
        return answer(request)

    folder, _ = await started(tmp_path / "run", inputs(60), attempts=1)
    for stage in STAGES:
        await work(folder, stage, FakeModel(away))
    await verify(folder, FakeVerifier())
    async with folder.open() as chain:
        back = await chain.put_back()
    assert back.keys() == {"instruct", "respond"}
    assert await whole(folder) == reference
    async with folder.open() as chain:
        assert await chain.put_back() == {}


async def test_fed_again_only_the_new_counts(tmp_path: Path, reference: dict[str, bytes]) -> None:
    folder, _ = await started(tmp_path / "run", inputs(25))
    await whole(folder)
    _, fed = await started(tmp_path / "run", inputs(60))
    assert (fed.new, fed.known) == (35, 25)
    assert await whole(folder) == reference


async def test_fed_again_while_workers_are_at_it(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """A stage that was found finished takes up again, and so do those behind it."""
    folder, _ = await started(tmp_path / "run", inputs(5))
    for stage in STAGES:
        await work(folder, stage, fake_model())
    async with folder.open() as chain:
        first, second = chain.queues["instruct"], chain.queues["respond"]
        await first.begin("feed")
        instructing = asyncio.create_task(work(folder, STAGES[0], fake_model()))
        # Its worker opens the queue behind it; one of that stage that came earlier would find
        # nothing to do and leave (the next test).
        async with asyncio.timeout(30):
            while (await second.stats()).finished:
                await asyncio.sleep(0.02)
        responding = asyncio.create_task(work(folder, STAGES[1], fake_model()))
        await started(tmp_path / "run", inputs(60))
        await asyncio.gather(instructing, responding)
    await verify(folder, FakeVerifier())
    assert await exported(folder) == reference


async def test_a_worker_that_left_before_more_was_fed_is_started_again(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """What it would have done waits in its queue, and the run is not taken for finished."""
    folder, _ = await started(tmp_path / "run", inputs(5))
    for stage in STAGES:
        await work(folder, stage, fake_model())
    assert (await work(folder, STAGES[1], fake_model())).acked == 0
    await started(tmp_path / "run", inputs(60))
    await work(folder, STAGES[0], fake_model())
    async with folder.open() as chain:
        stages = {stage.stage: stage.queue for stage in await chain.look()}
    assert stages["respond"].ready > 0
    assert not stages["respond"].finished
    assert not stages["verify"].finished
    await work(folder, STAGES[1], fake_model())
    await verify(folder, FakeVerifier())
    assert await exported(folder) == reference


async def test_no_input_at_all(tmp_path: Path) -> None:
    folder, fed = await started(tmp_path / "run", [])
    assert fed.new == 0
    files = await whole(folder)
    assert files["responses"] == files["refused"] == b""
    assert b'"finished": true' in files["counts"]


async def test_text_that_is_no_unicode(tmp_path: Path) -> None:
    def odd(request: GenerationRequest) -> str | list[str]:
        if request.n == 1:
            return "say \ud800 \x00 \x1b[2J"
        return ["return '\udfff'"] * request.n

    folder, _ = await started(tmp_path / "run", inputs(1))
    for stage in STAGES:
        await work(folder, stage, FakeModel(odd))
    await verify(folder, FakeVerifier())
    await exported(folder)
    first = read(folder, "responses")[0]
    assert first.instruction == "say \ufffd\ufffd\ufffd \x00 \x1b[2J"
    assert "\ufffd" in first.code


async def test_too_few_completions_are_never_taken_as_complete(tmp_path: Path) -> None:
    class Miser(FakeModel):
        async def generate(self, request: GenerationRequest) -> Generation:
            full = await super().generate(request)
            return msgspec.structs.replace(full, completions=full.completions[:1])

    folder, _ = await started(tmp_path / "run", inputs(2), attempts=1)
    for stage in STAGES:
        await work(folder, stage, Miser(answer))
    await exported(folder)
    assert "1 completions of 3" in (folder.path / "dead.jsonl").read_text()
