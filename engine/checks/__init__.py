"""One module per kind of check: each plans jobs, has them run, and judges outside the sandbox."""

from veristone import (
    AssertsCheck,
    FrameworkCheck,
    FunctionCheck,
    InteractiveCheck,
    InvalidSample,
    ProgramCheck,
    Reason,
    Sample,
    StdioCheck,
)
from veristone.engine.checks.asserts import check_asserts
from veristone.engine.checks.base import SOLUTION, Runner
from veristone.engine.checks.framework import REPORT, check_framework
from veristone.engine.checks.function import check_function
from veristone.engine.checks.interactive import check_interactive
from veristone.engine.checks.program import check_program
from veristone.engine.checks.stdio import check_stdio
from veristone.engine.judge.outcome import Judgement
from veristone.engine.languages import find

__all__ = ["Runner", "check_names", "judge"]


def check_names(sample: Sample) -> None:
    """Refuse a sample whose files lie where its own code, or what a compiler makes of it, is to be.

    Raises:
        InvalidSample: they do, or nothing runs its language.
    """
    language, check = find(sample.language), sample.check
    own = list(language.own_names(sample.code))
    if isinstance(check, FunctionCheck | AssertsCheck):
        own = [SOLUTION]
    if isinstance(check, FrameworkCheck):
        own = [SOLUTION]
        if not language.zygote:
            tested = language.with_tests(check.tests)
            own = [*tested.language.own_names(sample.code), tested.tests, *tested.files, REPORT]
    for name in sample.files:
        for taken in own:
            if name.startswith(f"{taken}/"):
                raise InvalidSample(
                    f"files: {name!r} lies in {taken!r}, which is the sample's code"
                )


async def judge(sample: Sample, runner: Runner) -> Judgement:
    """Judge a sample by its check.

    Raises:
        SandboxFailure: no sandbox could hold the sample to its end.
        BackendUnavailable: no sandbox can be had.
    """
    try:
        match sample.check:
            case ProgramCheck() as check:
                return await check_program(sample, check, runner)
            case StdioCheck() as check:
                return await check_stdio(sample, check, runner)
            case InteractiveCheck() as check:
                return await check_interactive(sample, check, runner)
            case FunctionCheck() as check:
                return await check_function(sample, check, runner)
            case AssertsCheck() as check:
                return await check_asserts(sample, check, runner)
            case FrameworkCheck() as check:
                return await check_framework(sample, check, runner)
    except RecursionError:
        # No driver of ours nests that deep (`veristone.sandbox_images.warden.values.MAX_DEPTH`).
        return Judgement(reason=Reason.TAMPERED, message="wrote a record that nests without end")
