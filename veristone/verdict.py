"""What comes out: one verdict for every sample."""

from enum import StrEnum
from typing import Literal

import msgspec

__all__ = [
    "Decision",
    "Isolation",
    "Output",
    "Provenance",
    "Reason",
    "Rejected",
    "Strength",
    "TestResult",
    "Usage",
    "Verdict",
]


class Decision(StrEnum):
    """Only `pass` and `fail` speak about the program; `undecided` asks to be left out."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


class Reason(StrEnum):
    """Why: a closed set. Dialects project it down; nothing is computed from a projected form."""

    PASSED = "passed"
    WRONG_ANSWER = "wrong_answer"
    ASSERTION_FAILED = "assertion_failed"
    RUNTIME_ERROR = "runtime_error"
    COMPILE_ERROR = "compile_error"
    SIGNALLED = "signalled"
    CPU_TIMEOUT = "cpu_timeout"
    WALL_TIMEOUT = "wall_timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PROCESS_LIMIT = "process_limit"
    DISK_LIMIT = "disk_limit"
    EARLY_EXIT = "early_exit"
    FLAKY = "flaky"
    NO_TESTS = "no_tests"
    TAMPERED = "tampered"
    POLICY_VIOLATION = "policy_violation"
    SANDBOX_ERROR = "sandbox_error"
    OVERLOADED = "overloaded"

    @property
    def decision(self) -> Decision:
        """The decision that goes with this reason, always the same one."""
        if self is Reason.PASSED:
            return Decision.PASS
        if self in (Reason.SANDBOX_ERROR, Reason.OVERLOADED):
            return Decision.UNDECIDED
        return Decision.FAIL

    @property
    def is_timeout(self) -> bool:
        """True where the program ran out of time, of either kind."""
        return self in (Reason.CPU_TIMEOUT, Reason.WALL_TIMEOUT)


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stream of a program: its head, its tail, and how much there was in all."""

    head: str = ""
    tail: str = ""
    """The end of the stream where bytes between head and tail were dropped, else empty."""
    total_bytes: int = 0

    @property
    def truncated(self) -> bool:
        """True where the middle of the stream is missing here."""
        return bool(self.tail)

    @property
    def text(self) -> str:
        """The stream as a person reads it, with a mark where bytes are missing."""
        return f"{self.head}\n[...]\n{self.tail}" if self.tail else self.head


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sample's runs used, added up over its runs (memory: the largest)."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_memory_mib: float = 0.0
    """Largest resident set seen: of one process by the kernel, of the tree by sampling."""
    runs: int = 0
    inside_s: float = 0.0
    """Seconds inside the sandbox's supervisor, set-up and clean-up included."""
    queued_s: float = 0.0
    """Seconds the sample waited for a sandbox."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test of a sample. `name` is its position or the line of the test code."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    passed: bool
    name: str = ""
    reason: Reason | None = None
    message: str = ""
    score: float | None = None
    """From 0 to 1, where a checker, an interactor or a validator gives part of the credit."""


class Isolation(msgspec.Struct, frozen=True, kw_only=True):
    """What stood between the sample and the host, as tried when the sandbox started."""

    backend: str
    runtime: str = ""
    enforced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a verdict was computed from; `Verdict.version` says by what."""

    sample: str
    """Digest of the whole sample but for its id and metadata."""
    image: str
    """Name and digest of what its language's image is made of, also where the host's own toolchain
    took its place."""
    python: str = ""
    """Version of the interpreter that ran a Python sample."""
    cpu_factor: float = 1.0
    """Seconds of its host that a second of its limits stood for, where that was measured."""


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite that passed says about the solution, where that was asked for."""

    vacuous: bool
    """The suite passes with two stubs that return different constants: it proves nothing."""
    stubs: int
    """Stubs that it was run against, until two of a kind had passed or all had been tried."""
    passed_with: tuple[str, ...] = ()
    """The constants, as expressions, that the stubs which passed return."""
    mutants: int = 0
    """Copies of the solution, changed in one place each, that it was run against."""
    killed: int = 0
    """Mutants that it refuses."""
    survivors: tuple[str, ...] = ()
    """Some of the mutants that pass, as the lines that differ. Some change nothing of what the
    solution does, and no test can refuse them."""
    asserts: int = 0
    """Assert statements, and assert methods of unittest, that were executed."""
    failed_asserts: int = 0
    """Those of them that did not hold: the suite passed, so it swallowed or expected them."""
    lines: int = 0
    """Lines in the solution's functions; 0 also where the suite did not pass while it was looked
    at."""
    covered: int = 0
    """Those of them that the tests ran, as the solution's own process tells."""
    uncovered: tuple[int, ...] = ()
    """The first of those that they did not run."""
    runs: int = 0
    """Runs that it took to say all this."""
    cpu_s: float = 0.0
    """CPU seconds of these runs."""


class Verdict(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The judgement on one sample.

    `decision` follows from `reason` alone. `judged` says where the judgement was made: `split`
    means where the sample cannot reach: outside the sandbox, or in a process of the tests' own;
    `shared` means that the test code ran in the sample's own interpreter, since its text needs that
    (`shared_because`), or that a program's exit status was all there was to judge; both are guarded
    by a completion proof (docs/isolation.md says what that can and cannot stop).
    """

    id: str
    decision: Decision
    reason: Reason
    message: str = ""
    """One line for people: the first thing that went wrong."""
    judged: Literal["split", "shared"] = "split"
    shared_because: str = ""
    """What test code does that needs the solution in its own interpreter, else empty."""
    claims: int = 0
    """Of test code that passed: comparisons that objects of the solution's classes answered, or
    that hold only since it has changed its argument."""
    strength: Strength | None = None
    """Of test code that passed, where it was asked for."""
    completion: Literal["proven", "exit_status_only"] | None = None
    """Of a `program` that passed by its exit code: whether its own end was seen (`proven`)."""
    passed: int = 0
    """Tests that passed, of `total`."""
    total: int = 0
    score: float | None = None
    """Where a checker, an interactor or a validator judges: credit that was given, of that of all
    cases or calls, from 0 to 1. One that was not run has none."""
    tests: list[TestResult] = []
    exit_code: int | None = None
    signal: str | None = None
    stdout: Output = Output()
    stderr: Output = Output()
    files: dict[str, bytes] = {}
    """What `ProgramCheck.fetch` asked for and was there (base64 in JSON)."""
    usage: Usage = Usage()
    isolation: Isolation | None = None
    provenance: Provenance | None = None
    cached: bool = False
    """It was kept when an equal sample was judged, as was all that it says but the id."""
    attempts: int = 1
    """Sandboxes this sample was tried on."""
    version: str = ""
    """Version of Veristone that judged."""

    @classmethod
    def undecided(cls, sample_id: str, reason: Reason, message: str) -> "Verdict":
        """Return the verdict on a sample that was not judged.

        Args:
            sample_id: of the sample.
            reason: one that is `undecided`.
            message: why, for people.
        """
        from veristone import __version__

        return cls(
            id=sample_id,
            decision=reason.decision,
            reason=reason,
            message=message,
            version=__version__,
        )


class Rejected(msgspec.Struct, kw_only=True):
    """Stands in the output of `veristone verify` for an input line that is no sample."""

    line: int
    """Line number in the input, from 1."""
    error: str
    rejected: Literal[True] = True
