"""The languages that sandboxes can run, read from `sandbox_images/*/language.toml`.

A language is a folder: a Dockerfile, a selftest, and `language.toml`, which says how a program is
laid out, compiled once and run many times. docs/languages.md shows how to add one; `add` takes
folders from anywhere.

Commands are lists of words in which `{entry}`, `{stem}`, `{main}` and `{memory_mib}` are replaced:
the file of the sample's code, its name without the ending, what holds the first instruction, and
the memory that the program may use.
"""

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from veristone import ConfigError, InvalidSample, Limits, sandbox_images
from veristone.text import near

__all__ = [
    "IMAGES",
    "WARDEN",
    "Compile",
    "Complaints",
    "Framework",
    "Host",
    "Language",
    "Layout",
    "Preamble",
    "Prestart",
    "Rule",
    "Serves",
    "Tested",
    "add",
    "files_of",
    "find",
    "installed",
    "serving",
]

IMAGES = Path(sandbox_images.__file__).parent
WARDEN = IMAGES / "warden"
_SEARCHED = 256 * 1024
"""Characters of the code that rules look at."""
_PREAMBLE_PIECES = 256


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What follows from the text of a program. Patterns meet hostile text: they must be linear."""

    pattern: str
    """A regular expression, searched with `^` and `$` at every line."""
    entry: str | None = None
    """The name of the file; `\\1` is the pattern's first group."""
    main: str | None = None
    add: list[str] = []
    """Words that the compiler gets in addition, at the end."""

    def match(self, code: str) -> re.Match[str] | None:
        """Return where the pattern is in the code."""
        return re.compile(self.pattern, re.MULTILINE).search(code, 0, _SEARCHED)


class Compile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a program is compiled, once, in a sandbox of its own and within limits of its own."""

    command: list[str]
    keeps: list[str]
    """What the runs need of what it leaves; `NAME/` stands for all that is below a folder."""
    cpu_s: float = 30.0
    wall_s: float = 90.0
    memory_mib: int = 1024

    def limits(self) -> Limits:
        """The limits of the compiler's run."""
        return Limits(cpu_s=self.cpu_s, wall_s=self.wall_s, memory_mib=self.memory_mib)


class Preamble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What programs begin with and a compiler can work through beforehand: standard includes.

    It is compiled alone, once, and every program that begins with exactly these lines is compiled
    behind what that made.
    """

    piece: str
    """A pattern of one piece of what may stand there: a comment, an empty line, or a line that
    counts, which has a first group. It meets hostile text, too."""
    line: str
    """What a line that counts is written as: the same for all that mean the same."""
    entry: str
    """The file that these lines are written to."""
    command: list[str]
    """Compiles it, in a folder that holds it alone."""
    add: list[str]
    """Words that the compiler of programs gets in addition; `{preamble}` is that folder."""

    def of(self, code: str) -> str:
        """Return the lines that a program begins with; nothing where there are none, or too many.

        What stands behind the first piece of another kind cannot matter to them.
        """
        piece, lines, position = re.compile(self.piece), list[str](), 0
        for _ in range(_PREAMBLE_PIECES):
            found = piece.match(code, position, _SEARCHED)
            if found is None or found.end() == position:
                return "".join(lines)
            position = found.end()
            if found[1] is not None:
                lines.append(found.expand(self.line) + "\n")
        return ""


class Overhead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the runtime itself takes; a sample's limits are for the sample."""

    memory_mib: int = 0
    cpu_s: float = 0.0


class Complaints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a runtime speaks of errors on its standard error: patterns of lines, tried in this order.

    A program can say the same. Then it is called by another reason, and fails all the same.
    """

    refused: str = ""
    """The program does not compile: the reason is `compile_error`."""
    error: str = ""
    """The line that says what went wrong; without one that matches the last line does."""


class Serves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs of another language that are run in these sandboxes, where there are any."""

    language: str
    words: list[str]
    """One of these is in their text. Every program of that language is asked, so this is quick."""
    pattern: str
    """And then this is: `^` is the start of a line. It meets hostile text, too."""
    preload: list[str] = []
    """What is enough for them: each module makes every fork dearer. Empty stands for all."""

    def wants(self, texts: Iterable[bytes]) -> bool:
        """True where one of the texts of a program says that it belongs here."""
        words = [word.encode() for word in self.words]
        texts = [text for text in texts if any(word in text for word in words)]
        pattern = re.compile(self.pattern.encode(), re.MULTILINE)
        return any(pattern.search(text, 0, _SEARCHED) for text in texts)


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file of tests is run with a solution: see `veristone.engine.checks.framework`.

    Commands may use `{tests}` and `{tests_main}` beside the words that all commands may.
    """

    tests: str
    """The file of the tests, unless a rule decides."""
    run: list[str]
    entry: str | None = None
    """The file of the solution where it is another one than that of a program."""
    main: str = "{stem}"
    """What `{tests_main}` stands for, unless a rule decides."""
    files: list[str] = []
    """Files of ours that lie beside them: paths from the folder that the language's lies in."""
    rules: list[Rule] = []
    """What the text of the tests decides."""
    compile: Compile | None = None


class Prestart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that a waiting sandbox starts ahead of its next job (`warden.prestart`)."""

    gate: str = "{entry}"
    """The file that it waits for, one of the job's."""
    piped: bool = False
    """It opens this file first of all, and waits where it reads it."""
    starts: list[str] = []
    """What is started, where it is another command than the job's, which it does the work of."""


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What bubblewrap shows of the host."""

    programs: list[str] = []
    """Programs that must be there; each is shown."""
    modules: list[str] = []
    """Modules that the Python of the sandboxes must have."""
    shows: list[str] = []
    """Files and folders, with `*`, that are shown where they are there."""
    home: list[str] = []
    """A command that prints the folder a toolchain lies in, where a program only leads there."""
    install: str = ""
    """The command that brings what is missing, on Debian."""


class Layout(msgspec.Struct, frozen=True):
    """What one program's text decides."""

    entry: str
    main: str
    add: tuple[str, ...] = ()


class Tested(NamedTuple):
    """A language as it runs solutions with a file of tests."""

    language: "Language"
    tests: str
    """The file of the tests."""
    files: dict[str, bytes]
    """Ours, beside it."""


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the engine must know to run a program of one language."""

    name: str
    entry: str
    run: list[str]
    folder: Path
    """Where its Dockerfile and selftest lie."""
    main: str = "{stem}"
    aliases: list[str] = []
    zygote: bool = False
    """The warden is its interpreter: samples are forked and not started."""
    preload: list[str] = []
    """Modules that this interpreter imports before any sample; those of them that are there."""
    fork_server: list[str] = []
    """Starts an interpreter that is forked for programs with the usual limits (`warden`)."""
    prestart: dict[Literal["compile", "run"], Prestart] = {}
    """Which of its two commands sandboxes start ahead."""
    serves: list[Serves] = []
    """Tried in this order."""
    rules: list[Rule] = []
    """The first one that matches and names a file, or a `main`, decides; all add their words."""
    compile: Compile | None = None
    preamble: Preamble | None = None
    framework: Framework | None = None
    overhead: Overhead = Overhead()
    complaints: Complaints = Complaints()
    env: dict[str, str] = {}
    version: list[str] = []
    """The command whose first line is the version."""
    host: Host | None = None

    def layout(self, code: str) -> Layout:
        """Return how a program with this code is laid out."""
        matched = [(rule, found) for rule in self.rules if (found := rule.match(code))]
        entries = [found.expand(rule.entry) for rule, found in matched if rule.entry]
        mains = [found.expand(rule.main) for rule, found in matched if rule.main]
        added = [word for rule, _ in matched for word in rule.add]
        return Layout(
            entry=(entries or [self.entry])[0], main=(mains or [self.main])[0], add=tuple(added)
        )

    def with_tests(self, tests: str) -> "Tested":
        """Return this language as it runs a solution with a file of tests.

        Raises:
            InvalidSample: nothing is known here of frameworks of this language.
        """
        framework = self.framework
        if framework is None:
            raise InvalidSample(f"check: no framework is known for tests in {self.name}")
        layout = msgspec.structs.replace(
            self, entry=framework.tests, main=framework.main, rules=framework.rules
        ).layout(tests)
        stem = layout.entry.rpartition(".")[0]
        known = {"{tests}": layout.entry, "{tests_main}": layout.main.replace("{stem}", stem)}

        def filled(command: list[str]) -> list[str]:
            return [known.get(word, word) for word in command]

        step = framework.compile
        if step is not None:
            step = msgspec.structs.replace(step, command=filled(step.command))
        language = msgspec.structs.replace(
            self,
            entry=framework.entry or self.entry,
            run=filled(framework.run),
            compile=step,
            preamble=None,
        )
        ours = {
            Path(name).name: (self.folder.parent / name).read_bytes() for name in framework.files
        }
        return Tested(language, layout.entry, ours)

    def words(self, command: Sequence[str], layout: Layout, limits: Limits) -> tuple[str, ...]:
        """Return a command of this language with its words filled in."""
        stem = layout.entry.rpartition(".")[0]
        known = {"{entry}": layout.entry, "{stem}": stem, "{memory_mib}": str(limits.memory_mib)}
        known["{main}"] = layout.main.replace("{stem}", stem)
        fill = re.compile("|".join(map(re.escape, known)))
        return tuple(fill.sub(lambda found: known[found[0]], word) for word in command)

    def warden_words(self, modules: Sequence[str]) -> list[str]:
        """Return what the warden of such a sandbox is told; `modules` are all Pythons' to load."""
        words = ["--preload", *modules] if modules and self.zygote else []
        if self.preload:
            words += ["--libraries", *self.preload]
        if self.fork_server:
            layout, limits = self.layout(""), Limits()
            server = {
                "command": self.words(self.fork_server, layout, limits),
                "stands_for": self.words(self.run, layout, limits),
                "file_bytes": limits.file_mib * 1024 * 1024,
            }
            words += ["--fork-server", json.dumps(server)]
        if self.prestart:
            words += ["--prestart", json.dumps([*self._started_ahead()])]
        return words

    def _started_ahead(self) -> Iterator[dict[str, Any]]:
        """Yield the arguments of each `warden.prestart.Command`."""
        layout = self._layout_of_all()
        for what, prestart in self.prestart.items():
            compiles = self.compile if what == "compile" else None
            limits = compiles.limits() if compiles is not None else Limits()
            command = self.words(compiles.command if compiles else self.run, layout, limits)
            yield {
                "argv": command,
                "starts": self.words(prestart.starts, layout, limits) or command,
                "env": self.env,
                "file_bytes": limits.file_mib * 1024 * 1024,
                "gate": self.words([prestart.gate], layout, limits)[0],
                "piped": prestart.piped,
            }

    def _layout_of_all(self) -> Layout:
        """Return the layout of any program: `*` stands for a name that its text decides."""
        layout, stem = self.layout(""), self.entry.rpartition(".")
        if any(rule.entry and "\\1" in rule.entry for rule in self.rules):
            layout = Layout(f"*{stem[1]}{stem[2]}", layout.main)
        if any(rule.main and "\\1" in rule.main for rule in self.rules):
            layout = Layout(layout.entry, "*")
        return layout

    @property
    def own_processes(self) -> int:
        """Processes of ours in such a sandbox: the warden, and a fork server."""
        return 2 if self.fork_server else 1

    def own_names(self, code: str) -> Iterator[str]:
        """Yield the names in the work area that are the program's, and not for other files."""
        yield self.layout(code).entry
        if self.compile is not None:
            yield from (name.rstrip("/") for name in self.compile.keeps)

    def digest(self) -> str:
        """A short hash over everything that goes into its image."""
        state = hashlib.sha256()
        for root in (IMAGES / "base", self.folder, WARDEN):
            for path in files_of(root):
                state.update(str(path.relative_to(root.parent)).encode() + b"\0")
                state.update(path.read_bytes() + b"\0")
        return state.hexdigest()[:12]

    def image(self) -> str:
        """The image that holds exactly these files, as `name:tag`."""
        return f"veristone/{self.name}:{self.digest()}"


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that go into an image."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"__pycache__", "selftest"} & set(path.parts)
    ]


@functools.cache
def installed() -> dict[str, Language]:
    """Return every language there is, by name."""
    found = [_read(path.parent) for path in sorted(IMAGES.glob("*/language.toml"))]
    return {language.name: language for language in found}


def add(folder: Path) -> Language:
    """Take the language of a folder that is not ours; twice the same is one.

    Raises:
        ConfigError: there is no language in it, or another one has its name or alias.
    """
    language = _read(folder.resolve())
    for name in (language.name, *language.aliases):
        other = _named(name)
        if other is not None and other.folder != language.folder:
            raise ConfigError(f"{folder}: {name!r} is what {other.folder} is called already")
    installed()[language.name] = language
    find.cache_clear()
    serving.cache_clear()
    return language


@functools.cache
def find(name: str) -> Language:
    """Return the language called `name`, by its name or an alias.

    Raises:
        InvalidSample: there is none.
    """
    language = _named(name)
    if language is None:
        known = ", ".join(installed())
        guess = near(name.lower(), installed())
        raise InvalidSample(f"language: no sandbox for {name!r}; there is one for: {known}{guess}")
    return language


@functools.cache
def serving(name: str) -> tuple[tuple[Serves, Language], ...]:
    """Return whose sandboxes take some of the programs of the language `name`, and which."""
    return tuple(
        (serves, msgspec.structs.replace(language, preload=serves.preload or language.preload))
        for language in installed().values()
        for serves in language.serves
        if serves.language == name
    )


def _named(name: str) -> Language | None:
    wanted = name.lower()
    for language in installed().values():
        if wanted == language.name or wanted in language.aliases:
            return language
    return None


def _read(folder: Path) -> Language:
    path = folder / "language.toml"
    try:
        settings = tomllib.loads(path.read_text()) | {"folder": str(folder)}
        language = msgspec.convert(settings, Language, dec_hook=lambda kind, value: kind(value))
        patterns = [rule.pattern for rule in language.rules]
        patterns += [language.preamble.piece] if language.preamble else []
        patterns += [serves.pattern for serves in language.serves]
        patterns += (
            [rule.pattern for rule in language.framework.rules] if language.framework else []
        )
        for pattern in (*patterns, language.complaints.refused, language.complaints.error):
            re.compile(pattern)
    except (OSError, ValueError, re.error) as error:
        raise ConfigError(f"{path}: {error}") from error
    return language
