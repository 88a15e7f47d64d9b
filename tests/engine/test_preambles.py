"""Precompiled preambles: what counts as one, who gets it, and that it changes no verdict."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from unittest import mock

import pytest
from backends import open_engine, story

from veristone import ProgramCheck, Reason, Sample
from veristone.engine import Engine, EngineConfig, preambles
from veristone.engine.backends.base import GUEST_PREAMBLES, ToolchainMissing
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.checks.build import source_of
from veristone.engine.jobs import Job
from veristone.engine.languages import find
from veristone.engine.preambles import Preambles
from veristone.engine.runner import References, SampleRunner

BEGINNINGS = {
    "": "",
    "int main() { }": "",
    "#include <vector>": "vector",
    "#include<vector>\r\n  #  include\t<map> // of words\n": "vector map",
    "// first\n\n/* a\n * block */ #include <map>\n#include <map>\nint x;": "map map",
    "#include <bits/stdc++.h>\n#include <ext/pb_ds/assoc_container.hpp>\n": (
        "bits/stdc++.h ext/pb_ds/assoc_container.hpp"
    ),
    # What stands behind the first line of another kind may depend on it.
    '#include <map>\n#include "own.h"\n#include <set>': "map",
    "#include <map>\n#define NDEBUG\n#include <cassert>": "map",
    "#define NDEBUG\n#include <cassert>": "",
    "#pragma GCC optimize(3)\n#include <map>": "",
    "using namespace std;\n#include <map>": "",
    # What the compiler would read otherwise than it looks.
    "#include <map> #include <set>": "",
    "#include <map> /* a */ #include <set>": "",
    "// goes on \\\n#include <set>\n#include <map>": "",
    "// goes on \\ \n#include <set>": "",
    "/* ends here *\\\n/\n#define NDEBUG\n/* */\n#include <cassert>": "",
    "#include <ve\\\nctor>": "",
    "/* never ends\n#include <map>": "",
    "// not \\ the end\n/* nor \\here */\n#include <map>": "map",
    # What is no standard header.
    "#include <../../work/own.h>": "",
    "#include </etc/passwd>": "",
    "#include <own/vector>": "",
    "#include <Vector>": "",
    "#include <map>\n" * 1000: "",
}


@pytest.mark.parametrize(("code", "headers"), BEGINNINGS.items())
def test_a_preamble_is_the_standard_headers_that_a_program_begins_with(
    code: str, headers: str
) -> None:
    preamble = find("cpp").preamble
    assert preamble is not None
    assert preamble.of(code) == "".join(f"#include <{name}>\n" for name in headers.split())


def test_it_is_compiled_with_the_flags_of_programs() -> None:
    language = find("cpp")
    assert language.preamble is not None
    assert language.compile is not None

    def flags(command: list[str]) -> list[str]:
        return [word for word in command if word.startswith(("-std", "-O", "-w", "-p"))]

    assert flags(language.preamble.command) == flags(language.compile.command)


MAP, SET = "#include <map>\n", "#include <set>\n"
COMPILED = report(fetched={"program": b"\x7fELF"})


class Asked:
    """An engine that is asked for programs, and what its compiler was told."""

    def __init__(self, engine: Engine, backend: FakeBackend) -> None:
        self.engine, self.backend = engine, backend

    async def compile(self, code: str, **fields: dict[str, str]) -> list[str]:
        """Verify a program; return the preambles that its compilations were told of."""
        self.backend.jobs.clear()
        await self.engine.verify(Sample(code=code, language="cpp", **fields))  # pyright: ignore[reportArgumentType]
        await asyncio.gather(*self.engine._pools.preambles._tasks)
        compilers = [job for job in self.backend.jobs if job.fetch]
        return [job.argv[-1] if "-include" in job.argv else "" for job in compilers]


@contextlib.asynccontextmanager
async def asked(folder: Path, refused: Answer = COMPILED) -> AsyncGenerator[Asked]:
    """An engine whose compiler answers `refused` where it is told of a preamble."""

    def answer(job: Job) -> Answer:
        return (refused if "-include" in job.argv else COMPILED) if job.fetch else report()

    backend = FakeBackend(answer)
    backend.preambles = folder / "shown"
    backend.preambles.mkdir()
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        yield Asked(engine, backend)


async def test_who_comes_third_gets_what_the_second_had_made(tmp_path: Path) -> None:
    async with asked(tmp_path) as compiler:
        assert await compiler.compile(MAP) == [""]
        assert compiler.backend.made == []
        assert await compiler.compile(f"// other text\n{MAP}int x;") == [""]
        assert [command[0] for command in compiler.backend.made] == ["g++"]
        (path,) = await compiler.compile(MAP + "int y;")
        assert path.startswith(f"{GUEST_PREAMBLES}/")
        shown = tmp_path / "shown" / Path(path).parent.name
        assert (shown / "preamble.h").read_text() == MAP
        assert await compiler.compile(MAP + SET) == [""]
        # What the sample's variables do to includes, nobody knows.
        assert await compiler.compile(MAP, env={"CPATH": "/work"}) == [""]


async def test_a_refusal_is_the_plain_compilers(tmp_path: Path) -> None:
    async with asked(tmp_path, report(exit_code=1, stderr="error: a lie")) as compiler:
        for _ in range(2):
            await compiler.compile(MAP)
        behind, plain = await compiler.compile(MAP)
        assert behind
        assert not plain
        verdict = await compiler.engine.verify(Sample(code=MAP, language="cpp"))
        assert verdict.reason is Reason.PASSED, story(verdict)


async def test_what_cannot_be_made_is_left_alone(tmp_path: Path) -> None:
    async with asked(tmp_path) as compiler:
        with mock.patch.object(compiler.backend, "make", side_effect=OSError("disk full")):
            for _ in range(4):
                assert await compiler.compile(MAP) == [""]


async def test_the_least_used_goes_and_none_that_is_in_use(tmp_path: Path) -> None:
    backend = FakeBackend()
    backend.preambles = tmp_path / "shown"
    backend.preambles.mkdir()
    kept, language = Preambles(), find("cpp")
    kept.open(backend)

    async def have(code: str) -> bool:
        for _ in range(3):
            with kept.lent(language, code) as words:
                if words:
                    return True
            await asyncio.gather(*kept._tasks)
        return False

    def folders() -> int:
        return len(list((tmp_path / "shown").iterdir()))

    with mock.patch.object(preambles, "_MOST_BYTES", 2 * len(MAP + "cpp")):
        assert [await have(MAP), await have(SET), folders()] == [True, True, 2]
        with kept.lent(language, MAP):
            assert [await have("#include <any>"), folders()] == [True, 2]
            with kept.lent(language, MAP) as words:
                assert words
            with kept.lent(language, SET) as words:
                assert not words
            with kept.lent(language, "#include <any>"):
                assert not await have("#include <ios>")
    await kept.close()


async def _ready(engine: Engine, code: str) -> None:
    """Have the preamble of a program made."""
    for _ in range(preambles._SIGHTINGS):
        await engine.verify(Sample(code=code, language="cpp"))
    await asyncio.gather(*engine._pools.preambles._tasks)


HELLO = '#include <iostream>\n#include <string>\nint main() { std::cout << "hello\\n"; }\n'


@pytest.mark.bubblewrap
async def test_a_real_compiler_takes_it_and_misses_what_the_program_left_out() -> None:
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation("cpp")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        await _ready(engine, HELLO)
        language = find("cpp")
        runner = SampleRunner(engine._pools, References(engine._pools, engine.config))
        with runner.preamble(language, HELLO) as words:
            assert words
            source = source_of(Sample(code=HELLO, language="cpp"))
            command = ("g++", "-std=gnu++20", "-O2", "-w", "-pipe", "-pthread", "-H", "-c")
            job = Job(
                language="cpp",
                driver="exec",
                entry="main.cpp",
                files={"main.cpp": source.code.encode()},
                limits=source.limits,
                argv=(*command, "main.cpp", *words),
            )
            told = (await runner.run(job)).stderr.whole().decode()
            # `!` is what `g++ -H` says of a precompiled header that it takes.
            assert f"! {words[-1]}.gch" in told, told
        lacking = HELLO.replace('<< "', '<< std::vector<int>{1}.size() << "')
        for code, reason in ((HELLO, Reason.PASSED), (lacking, Reason.COMPILE_ERROR)):
            sample = Sample(code=code, language="cpp", check=ProgramCheck(stdout="hello\n"))
            verdict = await engine.verify(sample)
            assert verdict.reason is reason, story(verdict)
        assert verdict.message.startswith("main.cpp:3:")
