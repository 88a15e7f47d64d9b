"""No sample poisons the next one's build: attacks on what is kept of compilations.

Kept are preambles (`engine.preambles`) and what a language's `prepare` makes. Each attack is told
where that lies, which no sample is, and says that it got there: one that died on its way would hold
nothing. Afterwards the next program is built from the very same bytes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from backends import open_engine, story

from veristone import ProgramCheck, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.backends.base import GUEST_PREAMBLES, ToolchainMissing
from veristone.engine.backends.toolchain import prepared
from veristone.engine.languages import find

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

INCLUDES = "#include <iostream>\n#include <string>\n"
VICTIM = f'{INCLUDES}int main() {{ std::cout << std::string("clean") << std::endl; }}\n'
ATTACK = (
    INCLUDES
    + """int own;
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fstream>
#include <cstdio>

void tried(const char *what, bool worked) {
    if (worked) std::cout << what << " worked" << std::endl;
}

int main() {
    const std::string folder = "FOLDER", above = "ABOVE";
    std::string first;
    std::getline(std::ifstream(folder + "/preamble.h"), first);
    std::cout << "read " << first << std::endl;
    for (const char *root : {"", "/proc/self/root", "/proc/1/root"})
        for (const char *name : {"/preamble.h", "/preamble.h.gch"}) {
            const std::string path = root + folder + name;
            tried("chmod", chmod(path.c_str(), 0666) == 0);
            tried("write", open(path.c_str(), O_WRONLY) >= 0);
            tried("truncate", truncate(path.c_str(), 0) == 0);
            tried("times", utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0);
            tried("rename", rename(path.c_str(), (path + "x").c_str()) == 0);
            tried("unlink", unlink(path.c_str()) == 0);
        }
    std::ofstream("evil.gch") << "evil";
    tried("replace", rename("evil.gch", (folder + "/preamble.h.gch").c_str()) == 0);
    tried("create", open((folder + "/evil").c_str(), O_WRONLY | O_CREAT, 0666) >= 0);
    tried("mkdir", mkdir((above + "/evil").c_str(), 0777) == 0);
    tried("chmod", chmod(above.c_str(), 0777) == 0);
    tried("list", opendir(above.c_str()) != nullptr);
}
"""
)
EVIL: dict[str, bytes] = dict.fromkeys(
    ("iostream", "iostream.gch", "preamble.h", "preamble.h.gch", "string", "main.h"),
    b'#error "poisoned"\n',
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[Engine]:
    async with open_engine("bubblewrap") as opened:
        try:
            await opened.isolation("cpp")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        yield opened


async def judged(
    engine: Engine,
    code: str,
    stdout: str = "clean\n",
    files: Mapping[str, bytes] | None = None,
    env: Mapping[str, str] | None = None,
) -> Verdict:
    verdict = await engine.verify(
        Sample(
            code=code,
            language="cpp",
            files=dict(files or {}),
            env=dict(env or {}),
            check=ProgramCheck(stdout=stdout),
        )
    )
    await asyncio.gather(*engine._pools.preambles._tasks)
    return verdict


def made(engine: Engine) -> dict[str, str]:
    """What the preamble of the programs above consists of, as digests by path."""
    for each in engine._pools.preambles._made.values():
        if (each.folder / "preamble.h").read_text() == INCLUDES:
            return {
                str(path): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(each.folder.iterdir())
            }
    raise AssertionError("there is no preamble")


async def test_files_of_those_who_had_it_made_are_not_in_it(engine: Engine) -> None:
    for _ in range(3):
        verdict = await judged(engine, VICTIM, files=EVIL)
        assert verdict.reason is Reason.PASSED, story(verdict)
    assert len(made(engine)) == 2
    verdict = await judged(engine, VICTIM)
    assert verdict.reason is Reason.PASSED, story(verdict)


async def test_variables_that_lead_to_other_headers_are_their_samples_alone(
    engine: Engine,
) -> None:
    code = VICTIM.replace("<string>", "<string>\n#include <cctype>")
    for _ in range(3):
        verdict = await judged(engine, code, files=EVIL, env={"CPLUS_INCLUDE_PATH": "/work"})
        assert verdict.reason is Reason.COMPILE_ERROR
        assert "poisoned" in verdict.message  # it did lead there
    for _ in range(3):
        verdict = await judged(engine, code)
        assert verdict.reason is Reason.PASSED, story(verdict)


@pytest.mark.parametrize(
    "before",
    [
        "#define basic_string 1\n",
        "/* ends here *\\\n/\n#define basic_string 1\n/* */\n",
        "// goes on \\\n#include <map>\n#define basic_string 1\n",
    ],
)
async def test_macros_before_the_includes_are_their_samples_alone(
    engine: Engine, before: str
) -> None:
    for _ in range(3):
        verdict = await judged(engine, before + VICTIM)
        assert verdict.reason is Reason.COMPILE_ERROR, story(verdict)
    verdict = await judged(engine, VICTIM)
    assert verdict.reason is Reason.PASSED, story(verdict)


async def test_a_program_cannot_change_what_the_next_is_built_from(engine: Engine) -> None:
    for _ in range(3):
        await judged(engine, VICTIM)
    before = made(engine)
    (name,) = {Path(path).parent.name for path in before}
    attack = ATTACK.replace("FOLDER", f"{GUEST_PREAMBLES}/{name}").replace("ABOVE", GUEST_PREAMBLES)
    verdict = await judged(engine, attack, stdout="read #include <iostream>\n")
    assert verdict.reason is Reason.PASSED, story(verdict)
    assert made(engine) == before
    verdict = await judged(engine, VICTIM)
    assert verdict.reason is Reason.PASSED, story(verdict)


# Whatever the language, the shell of the sandbox is there for its programs.
WRITES = (
    "cd /opt/veristone/prepared && pwd && for name in * evil; do"
    " echo evil >>$name; rm -rf $name; mv $name .evil; chmod 777 . $name; touch $name; done 2>&-;"
    " ls -lA | sha256sum; cat *.options importcfg 2>&- | sha256sum"
)
PREPARED = {
    "java": """class Main {
    public static void main(String[] args) throws Exception {
        new ProcessBuilder("sh", "-c", "WRITES").inheritIO().start().waitFor();
    }
}
""",
    "go": """package main

import (
	"os"
	"os/exec"
)

func main() {
	command := exec.Command("sh", "-c", `WRITES`)
	command.Stdout = os.Stdout
	command.Run()
}
""",
}


@pytest.mark.parametrize("language", sorted(PREPARED))
async def test_a_program_cannot_change_what_was_prepared(language: str) -> None:
    async with open_engine("bubblewrap") as opened:
        try:
            await opened.isolation(language)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        attack = Sample(code=PREPARED[language].replace("WRITES", WRITES), language=language)
        first = await opened.verify(attack)
        assert first.reason is Reason.PASSED, story(first)
        assert first.stdout.text.startswith("/opt/veristone/prepared\n")
        second = await opened.verify(attack)
        assert second.stdout.text == first.stdout.text, story(second)
        made = prepared(find(language))
        assert made is not None
        assert not [path.name for path in made.iterdir() if "evil" in path.name]
