"""Programs that are no fork of the warden stand behind the same walls as those that are.

Every attack of the table runs once more, as a program that is spawned: in a language whose
interpreter is Python and whose sandboxes are no zygotes.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from backends import Watched, open_engine, story
from hostile_table import ATTACKS, ROOMY, R, attack_sample, here

from veristone import ProgramCheck, Sample, StdioCase, StdioCheck
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find, installed

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

SPAWNED = """
name = "spawned"
entry = "main.py"
run = ["python3", "{entry}"]
version = ["python3", "--version"]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    folder: Path = tmp_path_factory.mktemp("spawned")
    (folder / "language.toml").write_text(SPAWNED)
    async with open_engine("bubblewrap", languages=(folder,)) as engine:
        yield Watched(engine, "spawned")
    installed().pop("spawned", None)
    find.cache_clear()


@pytest.mark.parametrize("name", sorted(filter(here, ATTACKS)))
async def test_attack_of_a_spawned_program(name: str, watched: Watched) -> None:
    sample = msgspec.structs.replace(attack_sample(name), language="spawned")
    verdict = await watched.attack(sample, lasting=ATTACKS[name].lasting)
    expected = ATTACKS[name].reasons
    if verdict.isolation is not None and "processes-cgroup" in verdict.isolation.missing:
        expected = expected | ATTACKS[name].uncounted
    assert verdict.reason in expected, story(verdict)
    assert verdict.attempts == 1, story(verdict)


AT_ONCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static const char *won = "contained";

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void tried(const char *what, int worked) {
    if (worked) won = what;
}

/* Before the loader is done with the program, while the warden may still have our user. */
__attribute__((constructor)) static void at_once(void) {
    static const char *files[] = {"mem", "environ", "maps", "fd/0", "fd/3", "fd/4", "cwd/."};
    double end = now() + 0.05;
    do {
        uid_t real, effective, saved;
        getresuid(&real, &effective, &saved);
        tried("root", !real || !effective || !saved);
        tried("setresuid", setresuid(0, 0, 0) == 0 || setresuid(-1, 0, -1) == 0);
        tried("setuid", setuid(0) == 0 || seteuid(0) == 0);
        for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
            char path[64];
            snprintf(path, sizeof path, "/proc/1/%s", files[i]);
            tried(path[8] == 'm' ? "memory" : "files", open(path, O_RDONLY) >= 0);
        }
        struct rlimit none = {0, 0};
        tried("prlimit", prlimit(1, RLIMIT_NOFILE, &none, NULL) == 0);
        tried("priority", setpriority(PRIO_PROCESS, 1, 19) == 0);
        tried("score", open("/proc/1/oom_score_adj", O_WRONLY) >= 0);
        kill(1, SIGKILL);
        kill(1, SIGSTOP);
        kill(1, SIGTERM);
        kill(1, SIGCHLD);
    } while (now() < end);
}

int main(void) {
    for (int fd = 3; fd < 1024; fd++) tried("descriptor", fcntl(fd, F_GETFD) >= 0);
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        tried("capability", !strncmp(line, "Cap", 3) && strtoull(line + 7, NULL, 16) &&
                  strncmp(line, "CapBnd", 6));
    fclose(status);
    puts(won);
}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[Engine]:
    async with open_engine("bubblewrap") as opened:
        try:
            await opened.isolation("c")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        yield opened


async def test_the_warden_is_out_of_reach_from_the_first_instruction_on(engine: Engine) -> None:
    cases = [StdioCase(input="", output="contained\n")] * 12
    check = StdioCheck(cases=cases, stop_on_first_failure=False)
    verdict = await engine.verify(Sample(code=AT_ONCE, language="c", check=check, limits=ROOMY))
    assert (verdict.reason, verdict.attempts) == (R.PASSED, 1), story(verdict)


async def test_a_spotless_work_area_for_each_case(engine: Engine) -> None:
    code = r"""
#include <dirent.h>
#include <stdio.h>
int main(void) {
    const char *places[] = {"/work", "/tmp", "/dev/shm"};
    for (int i = 0; i < 3; i++) {
        DIR *folder = opendir(places[i]);
        for (struct dirent *entry; (entry = readdir(folder));)
            if (entry->d_name[0] != '.') puts(entry->d_name);
        closedir(folder);
        char path[64];
        sprintf(path, "%s/left", places[i]);
        fclose(fopen(path, "w"));
    }
}
"""
    cases = [StdioCase(input="", output="program\n")] * 5
    check = StdioCheck(cases=cases, stop_on_first_failure=False)
    verdict = await engine.verify(Sample(code=code, language="c", check=check))
    assert verdict.reason is R.PASSED, story(verdict)


async def test_what_cannot_be_started_is_no_failure_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "language.toml").write_text(
        SPAWNED.replace("spawned", "unstartable").replace('"python3", "{entry}"', '"nowhere"')
    )
    async with open_engine("bubblewrap", languages=(tmp_path,), attempts=1) as engine:
        sample = Sample(code="", language="unstartable", check=ProgramCheck())
        verdict = await engine.verify(sample)
        assert verdict.reason is R.SANDBOX_ERROR, story(verdict)
        assert "nowhere" in verdict.message
    installed().pop("unstartable", None)
    find.cache_clear()
