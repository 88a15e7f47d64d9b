"""Attacks while a program is compiled: on the compiler's limits, on the host, on the next sample.

Each language is tried in a copy whose compiler has small limits. After each attack a program of the
same language, in the same sandbox, looks for what was left.
"""

import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
import pytest_asyncio
from backends import open_engine, story

from veristone import Limits, ProgramCheck, Reason, Sample
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find, installed

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

R = Reason
LIMITS = Limits(cpu_s=5.0, wall_s=60.0)
LANGUAGES = ("c", "cpp", "d", "go", "haskell", "java", "rust", "typescript")
SMALL = "\ncpu_s = 4.0\nwall_s = 60.0\nmemory_mib = 640"


class Attack(NamedTuple):
    language: str
    code: str
    reasons: set[Reason]
    says: str = ""
    """What must stand in the verdict's message."""
    files: Mapping[str, bytes] = MappingProxyType({})
    stdout: str | None = None


LAUGHS = "#define a0 x x x x x x x x\n" + "".join(
    f"#define a{n} {' '.join([f'a{n - 1}'] * 8)}\n" for n in range(1, 14)
)
FORKING = "template <int N> struct A { A<2 * N> a; A<2 * N + 1> b; };\nA<1> all;\nint main() { }\n"
NEVER = "template <int N> struct A { static const int v = A<N + 1>::v; };\nint x = A<0>::v;"
CONSTANT = "constexpr int f() { for (;;) { } return 0; }\nconstexpr int x = f();\nint main() { }\n"
ERRORS = "".join(f"int f{n}() {{ return undefined_{n}; }}\n" for n in range(100_000))
JAVA_MAIN = "public class Main {\n    public static void main(String[] args)"
LEAVES = (
    "public class Main {\n    static { System.exit(0); }\n    public static void main(String[] a)"
)
RUST_MACRO = "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*) } }\nfn main() { m!(x); }"
RUST_LOOP = 'const fn f() -> u32 { loop { } }\nconst X: u32 = f();\nfn main() { println!("{X}"); }'
RUST_READS = 'fn main() { print!("{}", include_str!("/etc/shadow")); }'
GO_EMBEDS = (
    'package main\n\nimport _ "embed"\n\n//go:embed main.go\nvar text string\n\n'
    "func main() { println(text) }\n"
)
GO_CALLS_C = 'package main\n\n// #include "/etc/shadow"\nimport "C"\n\nfunc main() { C.x() }\n'
GO_CYCLE = (
    "package main\n\nfunc f[T any](n int) { if n > 0 { f[[2]T](n - 1) } }\n\n"
    "func main() { f[int](9) }"
)
D_READS = 'import std.stdio;\nenum text = import("/etc/shadow");\nvoid main() { write(text); }'
D_LOOP = "int f() { for (;;) { } }\nenum x = f();\nvoid main() { }"
D_DOUBLES = (
    'string f(int n) { return n ? f(n - 1) ~ f(n - 1) : "int a;"; }\nmixin(f(30));\nvoid main() { }'
)
SPLICE = (
    "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\n"
    "import Language.Haskell.TH.Syntax\nimport System.Process\nmain = putStrLn $(CODE)\n"
)
HASKELL_READS = SPLICE.replace("CODE", 'runIO (readFile "/etc/shadow") >>= stringE')
HASKELL_LEAVES = SPLICE.replace(
    "CODE",
    'runIO (mapM_ (\\place -> writeFile (place ++ "/left") "x") ["/work", "/tmp", "/dev/shm"])'
    ' >> stringE "done"',
)
HASKELL_STAYS = SPLICE.replace(
    "CODE", 'runIO (callCommand "setsid sleep 60 >/dev/null 2>&1 &") >> stringE "done"'
)
HASKELL_KILLS = SPLICE.replace("CODE", 'runIO (callCommand "kill -9 -1") >> stringE "done"')
HASKELL_LOOPS = SPLICE.replace(
    "CODE", 'runIO (let go :: Int -> IO (); go n = go (n + 1) in go 0) >> stringE "x"'
)
HASKELL_FILTER = '{-# OPTIONS_GHC -F -pgmF /bin/sh #-}\nmain = putStrLn "x"\n'
PROCESSOR = {"META-INF/services/javax.annotation.processing.Processor": b"Evil\n"}

TOO_MUCH = {R.MEMORY_LIMIT, R.CPU_TIMEOUT, R.OUTPUT_LIMIT, R.DISK_LIMIT, R.COMPILE_ERROR}
ATTACKS = {
    "reads shadow": Attack("c", '#include "/etc/shadow"\nint main() { }', {R.COMPILE_ERROR}),
    "reads the warden": Attack(
        "c", '#include "/proc/1/environ"\nint main() { }', {R.COMPILE_ERROR}
    ),
    "assembles the warden": Attack(
        "c", '__asm__(".incbin \\"/proc/1/environ\\"");\nint main() { }', {R.COMPILE_ERROR}
    ),
    "reads without end": Attack("c", '#include "/dev/zero"\nint main() { }', TOO_MUCH),
    "includes itself": Attack("c", "#include __FILE__\n#include __FILE__\n", TOO_MUCH),
    "a billion laughs": Attack("c", f"{LAUGHS}\na13\n", TOO_MUCH, "while it was compiled"),
    "a gigabyte of data": Attack("c", "char big[1 << 30] = {1};\nint main() { }", TOO_MUCH),
    "no end of errors": Attack("c", ERRORS + "int main() { }", TOO_MUCH),
    "templates that multiply": Attack("cpp", FORKING, TOO_MUCH),
    "templates that never end": Attack("cpp", NEVER, {R.COMPILE_ERROR}),
    "a constant that loops": Attack("cpp", CONSTANT, TOO_MUCH),
    "leaves before main": Attack(
        "cpp",
        "#include <cstdlib>\nstatic int x = (std::_Exit(0), 0);\nint main() { return x; }",
        {R.WRONG_ANSWER},
        stdout="done\n",
    ),
    "brings its own program": Attack(
        "c", "int main() { return x; }", {R.COMPILE_ERROR}, files={"program": b"#!/bin/true\n"}
    ),
    "brings its own linker": Attack(
        "c",
        'int puts(const char *);\nint main() { puts("done"); }',
        {R.PASSED},
        files={"ld": b"#!/bin/sh\nexit 0\n", "as": b"#!/bin/sh\nexit 0\n", "specs": b"*cc1:\n+x\n"},
        stdout="done\n",
    ),
    "an annotation processor": Attack(
        "java",
        f"{JAVA_MAIN} {{ System.out.println(1); }}\n}}",
        {R.PASSED},
        files=PROCESSOR,
        stdout="1\n",
    ),
    "leaves before main in Java": Attack(
        "java", f"{LEAVES} {{ System.out.println(1); }}\n}}", {R.WRONG_ANSWER}, stdout="1\n"
    ),
    "a macro that doubles": Attack("rust", RUST_MACRO, TOO_MUCH),
    "a constant that loops in Rust": Attack("rust", RUST_LOOP, TOO_MUCH),
    "includes shadow in Rust": Attack("rust", RUST_READS, {R.COMPILE_ERROR}),
    "embeds a file in Go": Attack("go", GO_EMBEDS, {R.COMPILE_ERROR}),
    "calls C from Go": Attack("go", GO_CALLS_C, {R.COMPILE_ERROR}),
    "types without end in Go": Attack("go", GO_CYCLE, TOO_MUCH),
    "imports shadow in D": Attack("d", D_READS, {R.COMPILE_ERROR}),
    "a constant that loops in D": Attack("d", D_LOOP, TOO_MUCH),
    "text that doubles in D": Attack("d", D_DOUBLES, TOO_MUCH),
    "reads shadow in a splice": Attack("haskell", HASKELL_READS, {R.COMPILE_ERROR}),
    "leaves files in a splice": Attack("haskell", HASKELL_LEAVES, {R.PASSED}, stdout="done\n"),
    "leaves a process in a splice": Attack("haskell", HASKELL_STAYS, {R.PASSED}, stdout="done\n"),
    "kills all in a splice": Attack("haskell", HASKELL_KILLS, {R.COMPILE_ERROR, R.SIGNALLED}),
    "a splice that loops": Attack("haskell", HASKELL_LOOPS, TOO_MUCH),
    "a preprocessor of its own": Attack("haskell", HASKELL_FILTER, {R.COMPILE_ERROR}),
    "references shadow": Attack(
        "typescript", '/// <reference path="/etc/shadow" />\nconsole.log(1);', {R.COMPILE_ERROR}
    ),
}

LOOKS = {
    "c": """
#include <dirent.h>
#include <stdio.h>
int main() {
    const char *places[] = {"/work", "/tmp", "/dev/shm", "/proc"};
    for (int i = 0; i < 4; i++) {
        DIR *folder = opendir(places[i]);
        for (struct dirent *entry; (entry = readdir(folder));) {
            const char *name = entry->d_name;
            if (i == 3 ? name[0] > '0' && name[0] <= '9' : name[0] != '.') puts(name);
        }
    }
}
""",
    "d": """
import std.ascii, std.file, std.path, std.stdio;
void main() {
    foreach (place; ["/work", "/tmp", "/dev/shm", "/proc"])
        foreach (entry; dirEntries(place, SpanMode.shallow)) {
            auto name = baseName(entry.name);
            if (place != "/proc" || isDigit(name[0])) writeln(name);
        }
}
""",
    "go": """
package main

import (
    "fmt"
    "os"
)

func main() {
    for _, place := range []string{"/work", "/tmp", "/dev/shm", "/proc"} {
        entries, _ := os.ReadDir(place)
        for _, entry := range entries {
            if first := entry.Name()[0]; place != "/proc" || first >= '0' && first <= '9' {
                fmt.Println(entry.Name())
            }
        }
    }
}
""",
    "haskell": """
import Data.Char
import System.Directory
main = mapM_ look ["/work", "/tmp", "/dev/shm", "/proc"]
look place = listDirectory place >>= mapM_ (say place)
say place name = if place /= "/proc" || isDigit (head name) then putStrLn name else return ()
""",
    "java": """
import java.io.File;
public class Main {
    public static void main(String[] args) {
        for (String place : new String[] {"/work", "/tmp", "/dev/shm", "/proc"})
            for (String name : new File(place).list())
                if (!place.equals("/proc") || Character.isDigit(name.charAt(0)))
                    System.out.println(name);
    }
}
""",
    "rust": """
fn main() {
    for place in ["/work", "/tmp", "/dev/shm", "/proc"] {
        for entry in std::fs::read_dir(place).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if place != "/proc" || name.as_bytes()[0].is_ascii_digit() { println!("{}", name); }
        }
    }
}
""",
    "typescript": """
declare var require: any;
for (const place of ["/work", "/tmp", "/dev/shm", "/proc"])
  for (const name of require("fs").readdirSync(place))
    if (place !== "/proc" || /^[0-9]/.test(name)) console.log(name);
""",
}
LOOKS["cpp"] = LOOKS["c"]
OWN = {"program", "out", "main.js", "1"}


@contextlib.contextmanager
def tight(language: str, folder: Path) -> Generator[Path]:
    """A copy of a language whose compiler has small limits."""
    original = find(language).folder
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("selftest"), dirs_exist_ok=True)
    text = (original / "language.toml").read_text()
    text = re.sub("(?m)^name = .*", f'name = "tight-{language}"', text)
    text = re.sub("(?m)^aliases = .*", "", text)
    text = re.sub(r"(?m)^(keeps = .*\n)memory_mib = .*", r"\1", text)
    (folder / "language.toml").write_text(text.replace("[compile]", f"[compile]{SMALL}"))
    try:
        yield folder
    finally:
        installed().pop(f"tight-{language}", None)
        find.cache_clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=LANGUAGES)
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


async def test_attacks_end_in_a_verdict_and_leave_nothing(tried: tuple[str, Engine]) -> None:
    language, engine = tried
    look = Sample(code=LOOKS[language], language=f"tight-{language}", limits=LIMITS)
    for name, attack in ATTACKS.items():
        if attack.language != language:
            continue
        sample = Sample(
            id=name,
            code=attack.code,
            language=f"tight-{language}",
            files=dict(attack.files),
            check=ProgramCheck(stdout=attack.stdout),
            limits=LIMITS,
        )
        verdict = await engine.verify(sample)
        assert verdict.reason in attack.reasons, f"{name}: {story(verdict)}"
        assert attack.says in verdict.message, f"{name}: {verdict.message}"
        assert verdict.attempts == 1, name
        after = await engine.verify(look)
        assert after.reason is R.PASSED, f"after {name}: {story(after)}"
        left = set(after.stdout.text.split()) - OWN
        # Of processes there is one beside the warden: this very one.
        processes = {each for each in left if each.isdigit()}
        assert len(processes) <= 1, f"after {name}: {processes}"
        assert left == processes, f"after {name}: {left}"
