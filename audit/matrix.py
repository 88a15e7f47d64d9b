"""Many solutions and many tests of one task: who passes what, and who agrees.

Each solution is loaded once for all tests: they are functions of one suite, each a test of its
own. What ends a solution's process (an endless loop, `os._exit`) costs the test at which it
happened; the tests behind it are run again without it.
"""

import ast
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from veristone import (
    AssertsCheck,
    ConfigError,
    DatasetError,
    Decision,
    InvalidSample,
    Limits,
    Reason,
    Sample,
    Verdict,
    Verifier,
)
from veristone.files import disk_trouble, drop_half_line, lock, not_its_own, read_rows
from veristone.generators.code.python import Parsed, parse
from veristone.stream import stream_map

__all__ = ["Group", "Matrix", "Question", "agreement", "fill", "matrix_file"]

_NAME = "test_{}"
_ENDED = frozenset(
    {
        *(Reason.CPU_TIMEOUT, Reason.WALL_TIMEOUT, Reason.EARLY_EXIT, Reason.SIGNALLED),
        *(Reason.MEMORY_LIMIT, Reason.OUTPUT_LIMIT, Reason.PROCESS_LIMIT, Reason.DISK_LIMIT),
    }
)
"""What ends a run before all its tests were reached."""
_GONE = "the solution has left"
"""What a test says that finds no process to ask."""
PASSES, FAILS, UNKNOWN = "1", "0", "?"


class Question(msgspec.Struct, kw_only=True):
    """A line of the input: Python solutions, and Python tests that call them."""

    id: str
    solutions: list[str]
    tests: list[str]
    """Each one or more statements that assert something."""
    limits: Limits = Limits()
    """Of one solution with all tests."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Solutions that pass exactly the same tests."""

    solutions: tuple[int, ...]
    tests: tuple[int, ...]
    """Those that they pass."""

    @property
    def score(self) -> int:
        """How far they are believed: CodeT's product of both counts (arXiv 2207.10397)."""
        return len(self.solutions) * len(self.tests)


class Matrix(msgspec.Struct, kw_only=True):
    """A line of the output."""

    id: str
    passes: list[str]
    """A word for each solution, with a character for each test: `1` it passes, `0` it fails, `?`
    nobody can say."""
    groups: list[Group]
    """The most believed first."""
    best: int | None
    """The first solution of the first group; null where no solution passes a test."""
    runs: int


def agreement(passes: Sequence[str]) -> list[Group]:
    """Return the groups of a matrix, the most believed first; rows that are not whole agree with
    nothing, and who passes no test is in no group."""
    rows: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(passes):
        if UNKNOWN not in row and PASSES in row:
            rows[row].append(at)
    groups = [
        Group(
            solutions=tuple(members),
            tests=tuple(at for at, mark in enumerate(row) if mark == PASSES),
        )
        for row, members in rows.items()
    ]
    return sorted(groups, key=lambda group: -group.score)


async def fill(question: Question, verifier: Verifier) -> Matrix:
    """Run every solution against every test.

    Raises:
        InvalidSample: a test is no Python.
    """
    tests = [_as_function(at, test) for at, test in enumerate(question.tests)]
    passes: list[str] = []
    runs = 0
    for code in question.solutions:
        row, needed = await _row(code, tests, question.limits, verifier)
        passes.append(row)
        runs += needed
    groups = agreement(passes)
    return Matrix(
        id=question.id,
        passes=passes,
        groups=groups,
        best=groups[0].solutions[0] if groups else None,
        runs=runs,
    )


async def _row(
    code: str, tests: Sequence[str], limits: Limits, verifier: Verifier
) -> tuple[str, int]:
    """Return what a solution passes, and in how many runs that was found."""
    marks: dict[int, str] = {}
    left = list(range(len(tests)))
    runs = 0
    while left:
        suite = "\n".join(tests[at] for at in left)
        check = AssertsCheck(tests=suite)
        verdict = await verifier.verify(Sample(code=code, check=check, limits=limits))
        runs += 1
        if verdict.decision is Decision.UNDECIDED:
            break
        if verdict.message.startswith("the test code does not compile"):
            raise InvalidSample(verdict.message)
        seen = _seen(verdict)
        marks |= seen
        left = [at for at in left if at not in marks]
        if not left:
            break
        if verdict.reason not in _ENDED or (not seen and runs == 1 and _is_broken(verdict)):
            # The solution does not even load: it fails them all.
            marks |= dict.fromkeys(left, FAILS)
            break
        if not seen or seen[max(seen)] == PASSES:
            marks[left.pop(0)] = FAILS
        # Else it may be the last one seen that ended the process: what follows is tried again.
    return "".join(marks.get(at, UNKNOWN) for at in range(len(tests))), runs


def _is_broken(verdict: Verdict) -> bool:
    return verdict.reason is Reason.EARLY_EXIT and "before the tests" in verdict.message


def _seen(verdict: Verdict) -> dict[int, str]:
    marks: dict[int, str] = {}
    for test in verdict.tests:
        number = test.name.removeprefix(_NAME.format(""))
        if number.isdigit():
            marks[int(number)] = PASSES if test.passed else FAILS
        if verdict.reason in _ENDED and test.message.endswith(_GONE):
            break  # at this test; those behind it met nobody
    return marks


def _as_function(at: int, test: str) -> str:
    tree = parse(test)
    if not isinstance(tree, Parsed) or not tree.module.body:
        raise InvalidSample(f"test {at} is no Python")
    function = ast.parse(f"def {_NAME.format(at)}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = tree.module.body
    try:
        return ast.unparse(ast.fix_missing_locations(function))
    except (ValueError, RecursionError) as error:
        raise InvalidSample(f"test {at} cannot be run: {error}") from error


async def matrix_file(
    source: Path,
    output: Path,
    verifier: Verifier,
    *,
    resume: bool = False,
    workers: int = 4,
    on_matrix: Callable[[Matrix, int], None] = lambda found, done: None,
) -> int:
    """Fill the matrix of every question of a file, in order; return how many were filled.

    Args:
        source: JSON Lines of `Question`.
        output: JSON Lines of `Matrix`.
        verifier: judges.
        resume: leave out the questions that the output has a whole line of.
        workers: questions that are asked side by side.
        on_matrix: told of each, and how many are done.

    Raises:
        DatasetError: a line is no question; what came before it is written.
        ConfigError: the output cannot be written, or has other lines than those of this input.
    """
    done: list[str] = []

    def questions() -> Iterator[tuple[str, Question]]:
        for at, row in enumerate(read_rows(source)):
            question = row.read(Question)
            if at >= len(done):
                yield row.where, question
            elif question.id != done[at]:
                raise ConfigError(
                    f"{output} is not of this input: {done[at]!r} in its place {at + 1}"
                )

    async def one(item: tuple[str, Question]) -> Matrix:
        where, question = item
        try:
            return await fill(question, verifier)
        except InvalidSample as error:
            raise DatasetError(f"{where}: {error}") from error

    count = 0
    not_its_own(output, source)
    with disk_trouble(output.parent), output.open("ab") as file:
        lock(file, f"{output}: another run writes to it")
        if resume:
            drop_half_line(output)
            done += (row.read(Matrix).id for row in read_rows(output))
        else:
            file.truncate(0)
        results = stream_map(one, questions(), workers=workers, window=2 * workers, ordered=True)
        async with contextlib.aclosing(results):
            async for found in results:
                file.write(msgspec.json.encode(found) + b"\n")
                file.flush()
                count += 1
                on_matrix(found, len(done) + count)
    return count
