"""From a program's text to a job that can be run any number of times.

A language that compiles does so once, in a job of its own, whose sandbox is wiped like any other.
What the compiler leaves comes back as bytes; every run gets them as its files, in whichever sandbox
is free. The bytes are the sample's: nothing outside of a sandbox looks into them.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import msgspec

from veristone import Limits, Reason, Sample
from veristone.engine.checks.base import Runner
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement, failure, last_line
from veristone.engine.languages import Compile, Language, Layout, find

__all__ = ["Source", "built", "given", "source_of"]

_MIB = 1024 * 1024
_KEEP_BYTES = 64 * 1024
"""Of what a compiler says, from its start and from its end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A program before it is compiled."""

    language: Language
    code: str
    files: Mapping[str, bytes]
    env: Mapping[str, str]
    limits: Limits
    trusted: bool = False
    """It is the jury's: many samples bring the same one."""


def source_of(sample: Sample) -> Source:
    """Return the program that a sample's code is."""
    language = find(sample.language)
    return Source(language, sample.code, sample.files, sample.env, sample.limits)


async def built(source: Source, runner: Runner) -> Job | Judgement:
    """Return the job that runs a program without arguments or input, or why there is none.

    Raises:
        SandboxFailure: no sandbox could hold the compiler to its end.
        BackendUnavailable: no sandbox can be had.
    """
    language = source.language
    layout = language.layout(source.code)
    files = {**source.files, layout.entry: source.code.encode("utf-8", "surrogatepass")}
    limits = _with_overhead(source.limits, language)
    if language.compile is not None:
        report, refused = await _compiled(source, language.compile, layout, files, runner)
        if refused is not None:
            return Judgement(reason=refused[0], message=refused[1], last=report)
        files = {**source.files, **report.fetched}
        largest = max(map(len, report.fetched.values()))
        limits = msgspec.structs.replace(limits, file_mib=max(limits.file_mib, 1 + largest // _MIB))
    return Job(
        language=language.name,
        driver="main" if language.zygote else "exec",
        entry=layout.entry,
        files=files,
        limits=limits,
        # What is forked takes the arguments alone.
        argv=() if language.zygote else language.words(language.run, layout, source.limits),
        env={**language.env, **source.env},
    )


def given(job: Job, args: Sequence[str], stdin: bytes, keep_head: int) -> Job:
    """Return a job with arguments and input."""
    argv = (*job.argv, *args)
    return dataclasses.replace(job, argv=argv, stdin=stdin, keep_head=keep_head)


def _with_overhead(limits: Limits, language: Language) -> Limits:
    return msgspec.structs.replace(
        limits,
        cpu_s=limits.cpu_s + language.overhead.cpu_s,
        wall_s=limits.wall_s + language.overhead.cpu_s,
        memory_mib=limits.memory_mib + language.overhead.memory_mib,
    )


async def _compiled(
    source: Source, step: Compile, layout: Layout, files: Mapping[str, bytes], runner: Runner
) -> tuple[Report, tuple[Reason, str] | None]:
    """Compile a program; return the report, and why there is nothing to run.

    Behind a precompiled preamble where there is one. Whatever is wrong with a program is said by
    the compiler that had none. Variables of the sample's may change what its includes mean.
    """
    run = runner.compiled if source.trusted else runner.run
    if not source.env:
        with runner.preamble(source.language, source.code) as words:
            if words:
                report = await run(_compiler(source, step, layout, files, words))
                if _refused(report, step) is None:
                    return report, None
    report = await run(_compiler(source, step, layout, files))
    return report, _refused(report, step)


def _compiler(
    source: Source,
    step: Compile,
    layout: Layout,
    files: Mapping[str, bytes],
    preamble: Sequence[str] = (),
) -> Job:
    limits = step.limits()
    command = (*source.language.words(step.command, layout, limits), *layout.add, *preamble)
    return Job(
        language=source.language.name,
        driver="exec",
        entry=layout.entry,
        files=files,
        limits=limits,
        argv=command,
        env={**source.language.env, **source.env},
        keep_head=_KEEP_BYTES,
        keep_tail=_KEEP_BYTES,
        compiles=True,
        fetch=tuple(step.keeps),
        # A run needs as much room again as its files take.
        fetch_bytes=source.limits.disk_mib * _MIB // 2,
    )


def _refused(report: Report, step: Compile) -> tuple[Reason, str] | None:
    """Return why there is nothing to run, or None."""
    broken = failure(report, step.limits())
    if broken is not None:
        return broken[0], f"while it was compiled: {broken[1]}"
    if report.exit_code != 0:
        return Reason.COMPILE_ERROR, _complaint(report)
    if not report.fetched_all:
        return Reason.DISK_LIMIT, "what the compiler made is larger than half of limits.disk_mib"
    if not report.fetched:
        return Reason.COMPILE_ERROR, "the compiler left nothing that can be run"
    return None


def _complaint(report: Report) -> str:
    """Return the first error that the compiler tells of."""
    said = f"{report.stderr.excerpt().text}\n{report.stdout.excerpt().text}"
    for line in said.splitlines():
        if "error" in line.lower():
            return line.strip()[:300]
    return last_line(said) or f"the compiler ended with exit code {report.exit_code}"
