"""Attacks while a program is compiled: on the compiler's limits, on the host, on the next sample.

Each language is tried in a copy whose compiler has small limits. After each attack a program of the
same language, in the same sandbox, looks for what was left (`looks.toml`).
"""

import contextlib
import re
import shutil
import tomllib
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from backends import open_engine, story
from compile_attacks import ATTACKS

from veristone import Limits, ProgramCheck, Reason, Sample
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find, installed

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

LIMITS = Limits(cpu_s=2.0, wall_s=60.0)
SMALL = {"cpu_s": 2.0, "wall_s": 60.0, "memory_mib": 640}
LARGER = {"cpu_s": 4.0, "wall_s": 120.0, "memory_mib": 1280}
"""For compilers that run on a JVM and are large themselves, and for LLVM's."""
ARE_LARGE = ("kotlin", "scala", "swift")
RUNTIMES_OWN = re.compile(r"mono\.\d+|Rtmp\w+")
LOOKS = tomllib.loads(Path(__file__).with_name("looks.toml").read_text("utf-8"))
LOOKS["cpp"] = LOOKS["c"]


@contextlib.contextmanager
def tight(language: str, folder: Path) -> Generator[Path]:
    """A copy of a language whose compiler has small limits."""
    original = find(language).folder
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("selftest"), dirs_exist_ok=True)
    text = (original / "language.toml").read_text()
    text = re.sub("(?m)^name = .*", f'name = "tight-{language}"', text)
    text = re.sub("(?m)^aliases = .*", "", text)
    limits = LARGER if language in ARE_LARGE else SMALL
    before, compiles, step = text.partition("[compile]\n")
    step, table, after = step.partition("\n[")
    step = re.sub(f"(?m)^({'|'.join(limits)}) = .*", "", step)
    if compiles:
        step += "".join(f"\n{name} = {value}" for name, value in limits.items())
    (folder / "language.toml").write_text(before + compiles + step + table + after)
    try:
        yield folder
    finally:
        installed().pop(f"tight-{language}", None)
        find.cache_clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(ATTACKS))
async def tried(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Engine]]:
    """A language and an engine that has it with small limits, or a skip where it is not here."""
    with tight(request.param, tmp_path_factory.mktemp("tight")) as folder:
        async with open_engine("bubblewrap", languages=(folder,)) as engine:
            try:
                await engine.isolation(f"tight-{request.param}")
            except ToolchainMissing as error:
                pytest.skip(str(error))
            yield request.param, engine


async def test_every_language_is_attacked() -> None:
    """Python's programs that attack are `programs/` and `test_cheating.py`."""
    ours = {name for name, each in installed().items() if not each.zygote}
    # A language's fixture may still be open.
    assert set(ATTACKS) == {name for name in ours if not name.startswith("tight-")}


# Each attack takes all of its compiler's CPU time, which on a busy host is minutes.
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_attacks_end_in_a_verdict_and_leave_nothing(tried: tuple[str, Engine]) -> None:
    name, engine = tried
    language = find(f"tight-{name}")
    look = Sample(code=LOOKS.get(name, ""), language=language.name, limits=LIMITS)
    own = {language.layout(look.code).entry}
    own |= {kept.rstrip("/") for kept in (language.compile.keeps if language.compile else ())}
    for title, attack in ATTACKS[name].items():
        sample = Sample(
            id=title,
            code=attack.code,
            language=language.name,
            files=dict(attack.files),
            check=ProgramCheck(stdout=attack.stdout),
            limits=LIMITS,
        )
        verdict = await engine.verify(sample)
        assert verdict.reason in attack.reasons, f"{title}: {story(verdict)}"
        assert attack.says in verdict.message, f"{title}: {verdict.message}"
        assert verdict.attempts == 1, title
        if not look.code:
            continue
        left = await left_behind(engine, look, title) - own
        if len(left) > 2:
            # Who forked the program may not have ended yet; what stays is there again.
            left &= await left_behind(engine, look, title)
        # Of processes there are two beside the warden: this very one, and the server that forks; of
        # files what its own runtime has.
        known = {each for each in left if each.isdigit() or RUNTIMES_OWN.fullmatch(each)}
        assert len(known) <= 2, f"after {title}: {known}"
        assert left == known, f"after {title}: {left}"


async def left_behind(engine: Engine, look: Sample, title: str) -> set[str]:
    """Return the names of files and the processes that a program sees in the sandbox."""
    after = await engine.verify(look)
    assert after.reason is Reason.PASSED, f"after {title}: {story(after)}"
    return set(after.stdout.text.split()) - {"1"}
