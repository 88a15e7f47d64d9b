"""Funnels to report on: one of the papers' size, one with next to nothing in it, and hostile ones.

The large one begins and ends with the numbers of SelfCodeAlign (arXiv 2410.24198) and MultiPL-T
(arXiv 2308.09895): 22,311,478 functions of The Stack, 5,359,051 of them documented, 248,934 seeds.
What lies between was never published; it is made up here, as are languages, licences and times.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from hostile_text import HOSTILE

from veristone.generators.seeds.funnel import Funnel, SourceFunnel, StepFunnel
from veristone.generators.seeds.records import Provenance, Rejection, Seed, seed_id

K = TypeVar("K", int, str)

__all__ = ["HOSTILE", "empty", "hostile", "large", "seed", "small", "unfinished"]

FUNCTIONS, DOCUMENTED, SEEDS = 22_311_478, 5_359_051, 248_934

_SHARES = {
    "python": 0.46,
    "javascript": 0.17,
    "java": 0.14,
    "typescript": 0.08,
    "cpp": 0.07,
    "go": 0.05,
    "rust": 0.03,
}
_LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Unlicense", "MIT-0")

_CODES = {
    "python": (
        "def moving_average(values: list[float], width: int) -> list[float]:\n"
        '    """Return the mean of every `width` neighbouring values."""\n'
        "    total = sum(values[:width])\n"
        "    means = [total / width]\n"
        "    for left, right in zip(values, values[width:]):\n"
        "        total += right - left\n"
        "        means.append(total / width)\n"
        "    return means\n"
    ),
    "go": (
        "// Reverse returns its argument string reversed rune-wise left to right.\n"
        "func Reverse(s string) string {\n"
        "\tr := []rune(s)\n"
        "\tfor i, j := 0, len(r)-1; i < len(r)/2; i, j = i+1, j-1 {\n"
        "\t\tr[i], r[j] = r[j], r[i]\n"
        "\t}\n"
        "\treturn string(r)\n"
        "}\n"
    ),
    "java": (
        "/** Returns the greatest common divisor of two positive numbers. */\n"
        "static <T extends Comparable<? super T>> long gcd(long a, long b) {\n"
        "    return b == 0 ? a : gcd(b, a % b);\n"
        "}\n"
    ),
}

_STEPS: tuple[tuple[str, int, float, dict[str, int]], ...] = (
    # Name, kept, CPU seconds, weights of the reasons.
    ("exact_duplicates", 4_480_000, 95.0, {"duplicate": 1}),
    ("returns", 3_212_400, 310.0, {"no_value_returned": 9, "generator": 1}),
    ("length", 3_020_118, 21.0, {"too_long": 6, "too_short": 13, "line_too_long": 2}),
    (
        "static_rules",
        2_391_775,
        1_180.0,
        {
            "no_arguments": 40,
            "todo": 11,
            "file_access": 21,
            "network": 7,
            "subprocess": 9,
            "environment": 5,
            "plotting": 8,
            "dynamic_code": 2,
        },
    ),
    ("undefined_names", 1_204_950, 2_630.0, {"undefined_name": 100, "syntax_error": 1}),
    (
        "pyright",
        902_301,
        5_420.0,
        {"attribute": 40, "argument": 30, "call": 9, "optional_member": 15, "unresolved_import": 6},
    ),
    ("contamination", 899_120, 1_930.0, {"exact": 10, "n_gram": 31, "fuzzy": 3}),
    ("near_duplicates", 561_872, 4_870.0, {"near_duplicate": 1}),
    ("docstring_judge", SEEDS, 71_400.0, {"not_enough": 4, "does_not_match": 1}),
)


def seed(number: int, language: str = "python") -> Seed:
    """Return one of some ordinary seeds; numbers differ in provenance."""
    code = _CODES[language]
    return Seed(
        id=seed_id(language, f"{number}{code}"),
        code=code,
        language=language,
        name={"python": "moving_average", "go": "Reverse", "java": "gcd"}[language],
        docstring="What it does.",
        imports=("import math",) if number % 2 and language == "python" else (),
        provenance=Provenance(
            source="the-stack",
            repository=("numbers/averages", "tools/strings")[number % 2],
            path=f"src/package/module_{number}/statistics.py",
            commit="4f1c2a9be0d7",
            licences=("MIT", "Apache-2.0")[: number % 2 + 1],
            start_line=10 + number,
            end_line=24 + number,
        ),
    )


def large() -> Funnel:
    """Return a funnel of the papers' size."""
    languages = _split(DOCUMENTED, _SHARES)
    given, steps = DOCUMENTED, list[StepFunnel]()
    for index, (name, kept, cpu_s, weights) in enumerate(_STEPS):
        tilt = 0.1 * (1 - kept / given)
        weights_left = {
            key: value * (1 - tilt * place) for place, (key, value) in enumerate(languages.items())
        }
        left = _split(kept, weights_left)
        python_only = name in {"undefined_names", "pyright"}
        steps.append(
            StepFunnel(
                step=name,
                given=given,
                kept=kept,
                not_applicable=given // 3 if python_only else 0,
                reasons=Counter(_split(given - kept, weights)),
                by_language={key: (languages[key], left[key]) for key in languages},
                cpu_s=cpu_s,
                rejected={
                    reason: [_rejection(name, reason, index + n) for n in range(3)]
                    for reason in weights
                },
            )
        )
        given, languages = kept, left
    return Funnel(
        recipe="functions",
        digest="9b0d6c6b1a2f4e57",
        finished=True,
        versions={"veristone": "0.1.0", "ruff": "0.17.5", "pyright": "1.1.414"},
        sources=_sources(),
        steps=steps,
        wall_s=14_320.0,
        processes=8,
        seeds=SEEDS,
        by_language=languages,
        licences=_split(SEEDS, {name: 0.5**i for i, name in enumerate(_LICENCES)}),
        lines=_lines(SEEDS),
        examples=[seed(n, ("python", "go", "java")[n % 3]) for n in range(5)],
    )


def small() -> Funnel:
    """Return a funnel of one language in which a step saw nothing and no time was measured."""
    step = StepFunnel(
        step="length",
        given=2,
        kept=1,
        reasons=Counter({"too_long": 1, "too_short": 0}),
        by_language={"python": (2, 1)},
        rejected={"too_long": [_rejection("length", "too_long", 1)]},
    )
    return Funnel(
        finished=True,
        sources=[SourceFunnel(source="tree", documents=1, candidates=2)],
        steps=[step, StepFunnel(step="pyright", given=1, kept=1), StepFunnel(step="never")],
        seeds=1,
        by_language={"python": 1},
        licences={"unknown": 1},
        lines={8: 1},
    )


def empty() -> Funnel:
    """Return the funnel of a run that found nothing."""
    steps = [StepFunnel(step="length")]
    return Funnel(finished=True, sources=[SourceFunnel(source="tree")], steps=steps)


def unfinished() -> Funnel:
    """Return the large funnel while its last steps have seen a part of their seeds."""
    funnel = large()
    funnel.finished = False
    late = funnel.steps[-2]
    late.given, late.kept = 120_000, 75_000
    late.reasons = Counter({"near_duplicate": 45_000})
    funnel.steps.pop()
    funnel.seeds = late.kept
    return funnel


"""Texts that each try something."""


def hostile() -> Funnel:
    """Return a funnel in which every text that can come from a corpus or a user is hostile."""
    reasons = Counter({text: 100 + number for number, text in enumerate(HOSTILE)})
    rejections = {text: [_hostile_rejection(text)] for text in HOSTILE}
    number = sum(reasons.values())
    documents = {HOSTILE[0]: [Rejection(step="read", reason="r", provenance=_nowhere(HOSTILE[0]))]}
    return Funnel(
        recipe=HOSTILE[0],
        digest=HOSTILE[1],
        finished=True,
        versions=dict.fromkeys(HOSTILE, HOSTILE[1]),
        sources=[
            SourceFunnel(
                source=text,
                documents=10,
                content_bytes=10_000_000,
                seen=Counter({text: 3}),
                candidates=10 * number,
                cpu_s=1.0,
                reasons=Counter({HOSTILE[0]: 1}),
                rejected=documents,
            )
            for text in HOSTILE
        ],
        steps=[
            StepFunnel(
                step=text,
                given=2 * number,
                kept=number,
                reasons=reasons,
                by_language=dict.fromkeys(HOSTILE, (100, 50)),
                cpu_s=2.0,
                rejected=rejections,
            )
            for text in HOSTILE[:4]
        ],
        seeds=number,
        by_language=dict.fromkeys(HOSTILE, 50),
        licences=dict.fromkeys(HOSTILE, 50),
        lines={1: 3, 2: 4, 10**9: 1},
        examples=[_hostile_seed(text) for text in HOSTILE],
    )


def _nowhere(text: str) -> Provenance:
    return Provenance(
        source=text,
        repository=text,
        path=text,
        commit=text,
        licences=(text, text),
        start_line=1,
        end_line=2,
    )


def _hostile_seed(text: str) -> Seed:
    return Seed(
        id="0" * 24,
        code=f"def f():\n    '''{text}'''\n" * 200,
        language=text,
        name=text,
        docstring=text,
        imports=(text,),
        provenance=_nowhere(text),
    )


def _hostile_rejection(text: str) -> Rejection:
    return Rejection(
        step=text,
        reason=text,
        detail=text,
        seed=_hostile_seed(text),
        provenance=_nowhere(text),
    )


def _rejection(step: str, reason: str, number: int) -> Rejection:
    example = seed(number)
    return Rejection(
        step=step,
        reason=reason,
        detail="np, defaultdict" if reason == "undefined_name" else "",
        seed=example,
        provenance=example.provenance,
    )


def _sources() -> list[SourceFunnel]:
    lost = [
        Rejection(
            step="read",
            reason="licence_not_allowed",
            detail="GPL-3.0-only",
            provenance=Provenance(source="the-stack", repository="old/tool", path="tool.py"),
        )
    ]
    stack = SourceFunnel(
        source="the-stack",
        documents=12_962_249,
        content_bytes=78_300_000_000,
        reasons=Counter(licence_not_allowed=640_112, too_large=41_007, not_text=212),
        seen=Counter(
            functions=FUNCTIONS - 200_000,
            documented=DOCUMENTED - 60_000,
            methods=3_104_226,
            broken=91_000,
        ),
        candidates=DOCUMENTED - 60_000,
        cpu_s=9_400.0,
        rejected={"licence_not_allowed": lost},
    )
    library = SourceFunnel(
        source="standard-library",
        documents=1_734,
        content_bytes=31_000_000,
        seen=Counter(functions=200_000, documented=60_000),
        candidates=60_000,
        cpu_s=61.0,
    )
    return [stack, library]


def _lines(number: int) -> dict[int, int]:
    weights = {lines: (lines - 3) ** 1.5 * 0.9**lines for lines in range(4, 151)}
    return {lines: many for lines, many in _split(number, weights).items() if many}


def _split(number: int, weights: Mapping[K, float]) -> dict[K, int]:
    """Return a whole number in parts; the first part takes what rounding leaves."""
    total = sum(weights.values())
    parts = {name: int(number * weight / total) for name, weight in weights.items()}
    first = next(iter(parts))
    parts[first] += number - sum(parts.values())
    return parts
