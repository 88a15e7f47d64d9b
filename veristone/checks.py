"""How a sample proves itself. One struct per kind; `kind` is the tag on the wire.

Values that plain JSON cannot hold (tuples, sets, bytes, big floats, non-string keys) are written
with the tags of docs/wire.md, for example ``{"$tuple": [1, 2]}``.
"""

from typing import Any, Literal

import msgspec

from veristone.limits import Limits

__all__ = [
    "AssertsCheck",
    "Call",
    "Check",
    "Checker",
    "Comparator",
    "FrameworkCheck",
    "FunctionCheck",
    "InteractiveCheck",
    "ProgramCheck",
    "StdioCase",
    "StdioCheck",
]


class Comparator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How printed text is compared with the expected text, always outside the sandbox.

    `exact`: byte for byte. `lines`: white space at line ends and empty lines at the end do not
    count. `tokens`: the same words, whatever the white space. `floats`: as tokens, and two
    numbers are equal within `atol` + `rtol` * |expected|; two integers must be the same, and
    where only the expected number is one the other must be nearest to it. `decimals`: line by
    line, white space around a line aside, and two lines of numbers are equal where these are,
    exactly (as LiveCodeBench compares). `unordered`: the same lines in any order. White space
    and digits are those of ASCII; output that is no UTF-8 equals no text.
    """

    mode: Literal["exact", "lines", "tokens", "floats", "decimals", "unordered"] = "lines"
    atol: float = 1e-6
    rtol: float = 1e-6


class Checker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A program of the jury's, run in a sandbox of its own, never beside the sample.

    A checker is called as ``checker INPUT OUTPUT ANSWER`` (three file names, as testlib does) and
    says by its exit code what it thinks (testlib's): 0 accepts; 1, 2, 4 and 8 refuse; 7 gives the
    points with which its standard error begins (``points 3``), of those that the case is worth; any
    code N, or 50 + N, gives N percent where that begins with ``partially correct (N)``. Anything
    else means that it failed. It is then asked about ANSWER itself: where it fails again the case
    is `undecided`, else the output is wrong.
    """

    code: str
    language: str = "python"
    files: dict[str, bytes] = {}
    """What lies beside it and its compiler, ``testlib.h`` for example (base64 in JSON)."""
    limits: Limits = Limits()


class ProgramCheck(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="program"
):
    """One run of the program: its exit code and, where given, what it printed.

    Where exit code 0 is all that is asked, a Python program must have come to its own end as well:
    to its last line, or to an exit that is called by what stands last in it (``sys.exit(main())``,
    ``unittest.main()``). An earlier exit, or one that ends the process without the interpreter, is
    `early_exit`; a thread that ended with an exception is a `runtime_error`.
    """

    args: list[str] = []
    stdin: str = ""
    exit_code: int | None = 0
    """The exit code that passes; None accepts any exit that is no crash."""
    must_reach_end: bool = True
    """False: the exit code alone decides, for those who only want code to be run."""
    stdout: str | None = None
    compare: Comparator = Comparator()
    show_bytes: int = 16 * 1024
    """Bytes of stdout, and as many of stderr, that the verdict shows; a longer stream loses its
    middle. 16 MiB at most."""
    fetch: list[str] = []
    """Files of the work area that the verdict shows, as they are at the end, by relative paths.
    What is no plain file is left out; 16 MiB together at most."""


class StdioCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One input and the output that belongs to it."""

    input: str = ""
    output: str = ""
    points: float = 1.0
    """What it is worth to a checker or an interactor that gives points, and in `Verdict.score`."""


class StdioCheck(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="stdio"
):
    """The program is run once per case, each time in a spotless sandbox."""

    cases: list[StdioCase]
    args: list[str] = []
    compare: Comparator = Comparator()
    checker: Checker | None = None
    """Decides in place of `compare` where there is more than one right answer."""
    stop_on_first_failure: bool = True
    exit_code: int | None = 0


class InteractiveCheck(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="kind",
    tag="interactive",
):
    """For each case the program talks with the jury's interactor, each in a sandbox of its own.

    What one prints is the other's input. The interactor is called as ``interactor INPUT OUTPUT
    ANSWER`` (as testlib's): it alone sees the case, may write OUTPUT, and says by its exit code
    what it thinks, as a `Checker` does. The program must exit with 0 as well. Who ends badly first
    decides: the other one is stopped. An interactor that fails is asked again with `reference`, or,
    without one, with texts that are not hostile: where it fails again the case is `undecided`, else
    the program is wrong.
    """

    cases: list[StdioCase]
    interactor: Checker
    reference: Checker | None = None
    """A right solution."""
    checker: Checker | None = None
    """Decides about what an interactor that accepts has written to OUTPUT."""
    args: list[str] = []
    stop_on_first_failure: bool = True


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of the entry point. `expected` is left out where a reference decides."""

    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    expected: Any = msgspec.UNSET


class FunctionCheck(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="function"
):
    """The entry point is called with given arguments; what it returns is judged outside.

    Expected values come with the calls, or from `reference`: a solution that is run in a sandbox
    of its own on the same arguments. `validator` is Python code with a function
    ``accept(args, output, expected)`` for tasks with more than one right answer, and true where it
    accepts; a float between 0 and 1 is that part of the credit, and no pass. It too runs in a
    sandbox of its own and sees plain values only. Where it comes to no end it is asked about the
    expected values: where it fails again the sample is `undecided`, else it is wrong.
    """

    entry_point: str
    calls: list[Call]
    reference: str | None = None
    validator: str | None = None
    call_cpu_s: float | None = None
    """CPU seconds that a single call may take. None: with a reference, `time_factor` times what its
    slowest call took and at least `min_call_cpu_s`; without one, no limit of its own."""
    time_factor: float = 4.0
    """How many times as long as the reference a sample may take: each call, and all of them
    together where that is more than `limits.cpu_s` (EvalPlus's rule and its factor)."""
    min_call_cpu_s: float = 4.0
    """CPU seconds that a call may take however fast the reference is. EvalPlus gives one second
    of wall time."""
    stages: list[int] = []
    """Numbers of calls that belong together, in order. The first failure ends a stage: its other
    calls are `not run`, and the next stage begins. Empty: every call is made."""
    atol: float = 0.0
    rtol: float = 1e-7
    """Tolerances of numpy.allclose, used where `atol` > 0 (or `float_atol` applies)."""
    float_atol: float = 0.0
    """Takes the place of an `atol` of 0. Both hold for the floats of the expected value, wherever
    they stand in it; two whole numbers must be equal."""


class AssertsCheck(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="asserts"
):
    """Test code that calls the solution. It runs after the solution, in the same namespace.

    Each statement at the top of the test code that asserts or calls something is a test of its
    own; a pass needs every one of them to run to its end, and at least one of them.
    """

    tests: str
    strength: Literal["stub", "mutants"] | None = None
    """`stub`: where the suite passes, run it against stubs of the solution as well, and once more
    on the solution to count asserts and lines (five more runs as a rule, nine at most); say whether
    it passes with stubs too. `mutants`: and, unless it does, run it against copies of the solution
    that are changed in one place (20 at most)."""


class FrameworkCheck(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="framework"
):
    """A file of tests in the usual framework of the sample's language, which the sample never sees.

    docs/languages.md says which languages have one, and how their tests name the solution. Each
    test of the file is a test of the verdict; a pass needs every one of them to run to its end, and
    at least one that was not skipped. In Python this is an `AssertsCheck`.
    """

    tests: str


Check = ProgramCheck | StdioCheck | InteractiveCheck | FunctionCheck | AssertsCheck | FrameworkCheck
