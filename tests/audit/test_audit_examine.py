"""What is wrong with a task is found, and what is right is let be."""

from pathlib import Path

import msgspec
import pytest

from veristone import (
    AssertsCheck,
    Call,
    Check,
    Checker,
    FunctionCheck,
    InteractiveCheck,
    Limits,
    ProgramCheck,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.audit.examine import Findings, Questions, examine
from veristone.audit.tasks import AuditTask, of_samples
from veristone.engine import Engine
from veristone.engine.reading import read_sample

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOLD = '''def larger(a, b):
    """Return the larger one.

    >>> larger(1, 2)
    2
    """
    if a > b:
        return a
    return b
'''
USUAL = Limits()
SOUND = "assert larger(1, 2) == 2\nassert larger(2, 1) == 2\nassert larger(-1, -1) == -1"


def task(tests: str, gold: str = GOLD, limits: Limits = USUAL) -> AuditTask:
    def sample(code: str) -> Sample:
        return Sample(code=code, check=AssertsCheck(tests=tests), limits=limits)

    return AuditTask("t/1", gold, sample, changeable=True)


async def found(one: AuditTask, engine: Engine, **asked: float) -> Findings:
    return await examine(one, engine, Questions(**asked))  # pyright: ignore[reportArgumentType]


async def test_a_sound_task_has_no_fault(engine: Engine) -> None:
    findings = await found(task(SOUND), engine)
    assert findings.faults == ()
    assert findings.reason == "passed"
    assert findings.stubs == ()
    assert findings.repeats == 3
    assert findings.examples == 1
    # The mutant with `>=` is the same function.
    assert findings.survivors == ("-    if a > b:\n+    if a >= b:",)
    assert findings.killed == findings.mutants - 1
    assert 0 < findings.cpu_s < findings.cpu_limit_s
    assert findings.runs == 1 + 3 + 4 + findings.mutants + 1


async def test_a_gold_solution_that_fails_ends_the_audit(engine: Engine) -> None:
    findings = await found(task("assert larger(1, 2) == 1"), engine)
    assert findings.faults == ("gold_fails",)
    assert findings.reason == "assertion_failed"
    assert findings.runs == 1


async def test_tests_that_prove_nothing(engine: Engine) -> None:
    findings = await found(task("assert larger(1, 2) is not None"), engine)
    assert "vacuous" in findings.faults
    assert findings.stubs == ("0", "7")


async def test_tests_that_prove_little(engine: Engine) -> None:
    weak = task("assert larger(1, 2) == 2")
    findings = await found(weak, engine, min_killed=0.9)
    assert findings.faults == ("weak",)
    assert (await found(weak, engine, min_killed=0.1)).faults == ()


async def test_a_gold_solution_that_fails_at_times(engine: Engine) -> None:
    gold = "import random\ndef larger(a, b):\n    return max(a, b) if random.random() < .5 else 0\n"
    findings = await found(task("assert larger(0, 0) == 0\n" + "\n" * 3, gold), engine)
    assert "flaky" not in findings.faults
    lottery = task("for _ in range(1):\n    assert larger(1, 2) == 2", gold)
    seen: set[str] = set()
    for _ in range(20):
        seen |= set((await found(lottery, engine, repeats=10, mutants=0)).faults)
        if "flaky" in seen:
            break
    assert "flaky" in seen


async def test_an_order_that_depends_on_the_hash_seed_is_found(engine: Engine) -> None:
    code = "words = {'north', 'south', 'east', 'west'}\nprint(list(words)[0])\n"
    plain = await engine.verify(Sample(code=code))
    check = ProgramCheck(stdout=plain.stdout.head)
    one = AuditTask("t/2", code, lambda code: Sample(code=code, check=check), changeable=False)
    findings = await found(one, engine, repeats=8)
    assert findings.faults == ("flaky",)
    assert findings.other_reasons == ("wrong_answer",)


async def test_little_time_is_left(engine: Engine) -> None:
    gold = "import time\nwhile time.process_time() < 0.7:\n    pass\n" + GOLD
    limits = Limits(cpu_s=1.0, wall_s=20.0)
    findings = await found(task(SOUND, gold, limits), engine, mutants=0, repeats=0)
    assert "tight" in findings.faults


async def test_an_example_that_does_not_hold(engine: Engine) -> None:
    findings = await found(task(SOUND, GOLD.replace('    2\n    "', '    1\n    "')), engine)
    assert findings.faults == ("examples",)
    assert findings.broken_examples == (">>> larger(1, 2)\n1",)


async def test_calls_are_audited_like_asserts(engine: Engine) -> None:
    check = FunctionCheck(entry_point="larger", calls=[Call(args=[1, 2])], reference=GOLD)
    one = AuditTask("t/3", GOLD, lambda code: Sample(code=code, check=check), changeable=True)
    findings = await found(one, engine)
    assert findings.stubs == ()
    assert 0 < findings.killed < findings.mutants


ECHOED = """
import sys
for word in open(sys.argv[1]).read().split():
    print(word, flush=True)
    if sys.stdin.readline() != word + "\\n":
        sys.exit(1)
"""
WHATEVER = "import sys\nsys.stdin.read()\n"
ECHO = {
    "python": "import sys\nfor line in sys.stdin:\n    print(line, end='', flush=True)",
    "bash": "while read -r line; do echo $line; done",
}

HELLO = {"python": "print('hello')", "bash": "echo hello"}


def of_program(tmp_path: Path, check: Check, code: str, language: str = "python") -> AuditTask:
    sample = Sample(id="p", code=code, check=check, language=language, limits=Limits(wall_s=10.0))
    (tmp_path / "tasks.jsonl").write_bytes(msgspec.json.encode(sample) + b"\n")
    return next(of_samples(tmp_path / "tasks.jsonl", read_sample))


@pytest.mark.parametrize("language", list(ECHO))
@pytest.mark.parametrize(("interactor", "vacuous"), [(ECHOED, False), (WHATEVER, True)])
async def test_conversations_are_tried_with_programs_that_print_constants(
    language: str, interactor: str, vacuous: bool, engine: Engine, tmp_path: Path
) -> None:
    """Whatever language they are in; an interactor that accepts every word proves nothing."""
    if language != "python" and engine.backend == "docker":
        pytest.skip("of this language there need not be an image")
    code = HELLO[language] if vacuous else ECHO[language]
    check = InteractiveCheck(cases=[StdioCase(input="a b c")], interactor=Checker(code=interactor))
    findings = await found(of_program(tmp_path, check, code, language), engine, repeats=2)
    assert findings.faults == (("vacuous",) if vacuous else ())
    assert findings.stubs == (("0", "7") if vacuous else ())
    assert findings.mutants == 0
    assert findings.runs == 1 + 2 + (2 if vacuous else 4)


async def test_a_program_that_prints_a_constant_is_the_stub_of_a_program(
    engine: Engine, tmp_path: Path
) -> None:
    check = StdioCheck(cases=[StdioCase(input="0", output="0")])
    findings = await found(of_program(tmp_path, check, "print(input())"), engine, repeats=0)
    assert findings.faults == ()
    assert findings.stubs == ("0",)


class Contrary:
    """Another back end, that fails what passes here."""

    async def verify(self, sample: Sample) -> Verdict:
        return await OTHER[0].verify(Sample(code="raise SystemExit(1)"))


OTHER: list[Engine] = []


async def test_another_back_end_says_otherwise(engine: Engine) -> None:
    OTHER[:] = [engine]
    findings = await examine(task(SOUND), engine, Questions(mutants=0), [Contrary()])  # pyright: ignore[reportArgumentType]
    assert findings.faults == ("disagreement",)
