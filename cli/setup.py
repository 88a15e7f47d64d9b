"""`veristone doctor`, `demo` and `images`: what works here, tried and not assumed."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone import Reason, Sample, Verdict
from veristone.cli.app import command, group
from veristone.cli.display import STYLES, complain, isolation_line, print_table
from veristone.cli.options import EngineOptions, Overwrite

if TYPE_CHECKING:
    from veristone.engine.languages import Language

__all__ = ["demo", "doctor", "images"]

Languages = Annotated[
    list[str] | None,
    typer.Argument(metavar="LANGUAGE", help="A name, an alias or a folder.", show_default=False),
]

images = group("Build, list and test the sandbox images.")


async def doctor(
    engine: EngineOptions,
    selfcheck: Annotated[
        bool, typer.Option("--selfcheck", help="Attack every wall, and look at the host.")
    ] = False,
) -> int:
    """Show what works here, which walls stand, and what to do about the rest.

    Exit status: 0 where at least one back end is sound; 1 where none is.
    """
    from rich.console import Console

    from veristone.engine.doctor import examine

    console = Console()
    bad: dict[str, int] = {}
    current = ""
    marks = {True: "[green]ok  [/]", False: "[red]no  [/]", None: "[yellow]weak[/]"}
    async for finding in examine(engine.settings(), attack=selfcheck):
        if finding.backend != current:
            current = finding.backend
            bad[current] = 0
            console.print(f"\n[bold]{current}[/]")
        bad[current] += finding.good is False
        detail = f"  {finding.detail}" if finding.detail else ""
        console.print(f"  {marks[finding.good]} {finding.subject}{detail}", highlight=False)
    sound = [name for name, count in bad.items() if count == 0 and name != "host"]
    console.print()
    if sound:
        console.print(f"Samples can be judged here with: {', '.join(sound)}", highlight=False)
        return 0
    console.print("[red]No back end is sound here.[/] The lines marked 'no' say what to do.")
    return 1


async def demo(engine: EngineOptions) -> int:
    """Judge a dozen right, wrong and hostile samples.

    Exit status: 0 where every verdict is the one that it should be; 1 where one is not.
    """
    from rich.text import Text

    from veristone.engine import Engine
    from veristone.engine.demo import samples

    started = time.monotonic()
    pairs = samples()
    async with Engine(engine.settings()) as verifier:
        count, name = verifier.config.sandboxes, verifier.backend
        print(f"{count} sandboxes ({name}) ready after {time.monotonic() - started:.1f} s")
        stream = verifier.verify_stream([sample for sample, _ in pairs])
        verdicts = [verdict async for verdict in stream]
    rows = [
        (
            verdict.id,
            Text(verdict.reason, STYLES[verdict.decision]),
            verdict.judged,
            f"{verdict.usage.wall_s * 1000:.0f}",
            verdict.message or _tests(verdict),
        )
        for verdict in verdicts
    ]
    print_table(["sample", "verdict", "judged", ">ms", "what happened"], rows)
    walls = next((one.isolation for one in reversed(verdicts) if one.isolation), None)
    if walls is not None:
        print(isolation_line(walls))
    wrong = _wrong(pairs, verdicts)
    if wrong:
        complain(f"{len(wrong)} verdicts are not what they should be: {', '.join(wrong)}")
    return 1 if wrong else 0


def _tests(verdict: Verdict) -> str:
    return f"{verdict.passed} of {verdict.total} tests" if verdict.total else "ended as it should"


def _wrong(pairs: list[tuple[Sample, Reason]], verdicts: list[Verdict]) -> list[str]:
    both = zip(pairs, verdicts, strict=True)
    return [verdict.id for (_, wanted), verdict in both if verdict.reason != wanted]


def _language(word: str) -> "Language":
    """Return the language of a name, an alias, or a folder elsewhere."""
    from veristone.engine.languages import add, find

    return add(Path(word)) if "/" in word else find(word)


@command(images, "build")
async def build(
    languages: Languages = None,
    package: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One more Debian package.")
    ] = None,
    overwrite: Overwrite = False,
) -> int:
    """Build the images that are missing, side by side; Python's where no language is named."""
    from veristone.engine.images import build_all

    await asyncio.to_thread(
        build_all,
        [_language(name) for name in languages or ["python"]],
        lambda text: print(text, flush=True),
        packages=tuple(package or ()),
        force=overwrite,
    )
    return 0


@command(images, "list")
async def list_images() -> int:
    """Show every language and its image."""
    from veristone.engine.images import statuses

    rows = [
        (
            status.language,
            status.image,
            "yes" if status.built else f"no: veristone images build {status.language}",
            f"{status.size_mib} MiB" if status.built else "",
        )
        for status in await asyncio.to_thread(statuses)
    ]
    print_table(["language", "image", "built", ">size"], rows)
    return 0


@command(images, "test")
async def try_images(engine: EngineOptions, languages: Languages = None) -> int:
    """Run the selftests of languages in their sandboxes; of all that are here, if none is named.

    Exit status: 0 all passed; 1 one did not, or a language that was named is not here.
    """
    from veristone.engine import Engine
    from veristone.engine.backends.base import ToolchainMissing
    from veristone.engine.languages import installed
    from veristone.engine.selftest import selftests

    failed = 0
    async with Engine(engine.settings()) as verifier:
        for language in [_language(name) for name in languages or installed()]:
            try:
                await verifier.isolation(language.name)
            except ToolchainMissing as error:
                failed += bool(languages)
                print(f"{'FAIL' if languages else 'none'} {language.name}: {error}", flush=True)
                continue
            for sample, wanted in selftests(language):
                verdict = await verifier.verify(sample)
                good = verdict.reason in wanted
                failed += not good
                mark = "ok  " if good else "FAIL"
                text = f"{mark} {language.name}/{sample.id}: {verdict.reason} {verdict.message}"
                print(text.rstrip(), flush=True)
    if failed:
        complain(f"{failed} selftests failed")
    return 1 if failed else 0
