"""Validators for tasks that have more than one right answer.

EvalPlus decides these tasks in its evaluator's code, by the name of the entry point; the data files
do not say so. Each is a `FunctionCheck.validator` here: Python source with ``accept(args, output,
expected) -> bool``, run by the engine in a sandbox of its own on plain values.

Each source is complete: it also holds the ordinary comparison, because EvalPlus goes on to it when
the special rule does not accept (all tasks but `find_zero`). An exception inside a comparison means
"not accepted", as in EvalPlus. The rules are those of EvalPlus 0.3.1; its numpy.allclose is written
out in plain Python, so the validator's sandbox needs no numpy. One thing is stricter: numpy would
stretch a short inner list over a longer one (broadcasting), here their lengths must be equal.
"""

__all__ = ["validator_for"]

_COMMON = """\
import math

ATOL = {atol!r}
RTOL = 1e-07


def all_floats(value):
    if isinstance(value, float):
        return True
    return isinstance(value, (list, tuple)) and bool(value) and all(
        isinstance(item, float) for item in value
    )


def near(output, expected, atol):
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(output, (list, tuple))
            and len(output) == len(expected)
            and all(near(a, b, atol) for a, b in zip(output, expected))
        )
    if output == expected:
        return True
    difference = abs(output - expected)
    return math.isfinite(abs(expected)) and difference <= atol + RTOL * abs(expected)


def ordinary(output, expected):
    atol = ATOL
    if atol == 0 and all_floats(expected):
        atol = 1e-06
    return atol != 0 and type(output) is type(expected) and near(output, expected, atol)


def accept(args, output, expected):
    try:
        return bool(special(args, output, expected))
    except Exception:
        return False

"""

_FIND_ZERO = """
def poly(coefficients, x):
    return sum([c * math.pow(x, power) for power, c in enumerate(coefficients)])


def special(args, output, expected):
    if abs(poly(args[0], output)) <= ATOL:
        return True
    # Python sums floats more exactly since 3.12. There the canonical solution, Newton's method,
    # misses the tolerance on a few steep inputs: what it returns itself is not refused, and a
    # change of sign within a billionth is a root too.
    if output == expected:
        return True
    step = 1e-9 * max(1.0, abs(output))
    return poly(args[0], output - step) * poly(args[0], output + step) <= 0
"""

_ANYTHING = """
def special(args, output, expected):
    return True
"""

_OR_ZERO = """
def special(args, output, expected):
    return output == expected or output == 0 or ordinary(output, expected)
"""

_SURFACE_AREA = """
def special(args, output, expected):
    if output == expected:
        return True
    edge, height = args
    # The other reading of the task: the height is that of the pyramid, not of its sides.
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    other = round(edge * edge + 4 * (edge * slant) / 2)
    return abs(output - other) <= ATOL or ordinary(output, expected)
"""

_DIGIT_DISTANCE = """
def special(args, output, expected):
    if output == expected:
        return True
    left, right = str(args[0]), str(args[1])
    width = max(len(left), len(right))
    pairs = zip(left.zfill(width), right.zfill(width))
    other = sum(abs(int(a) - int(b)) for a, b in pairs)
    return output == other or ordinary(output, expected)
"""

_SAME_SET = """
def special(args, output, expected):
    return set(output) == set(expected) or ordinary(output, expected)
"""

# The reference may return a match object where a solution returns True: only "something or nothing"
# counts, as in the original dataset.
_SOMETHING = """
def special(args, output, expected):
    wanted = expected is not None
    found = output if isinstance(output, bool) else output is not None
    return found == wanted or ordinary(output, wanted)
"""

_HUMANEVAL = {"find_zero": _FIND_ZERO}

_MBPP = {
    "are_equivalent": _ANYTHING,
    "sum_div": _OR_ZERO,
    "surface_Area": _SURFACE_AREA,
    "digit_distance_nums": _DIGIT_DISTANCE,
    **dict.fromkeys(
        (
            "similar_elements",
            "find_char_long",
            "common_in_nested_lists",
            "extract_singly",
            "larg_nnum",
            "intersection_array",
            "find_dissimilar",
            "Diff",
        ),
        _SAME_SET,
    ),
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), _SOMETHING),
}


def validator_for(benchmark: str, entry_point: str, atol: float) -> str | None:
    """Return the source of a task's validator, or None where ordinary comparison decides.

    Args:
        benchmark: ``humaneval+`` or ``mbpp+``.
        entry_point: name of the function under test.
        atol: absolute tolerance of the task's row.
    """
    rule = (_MBPP if benchmark == "mbpp+" else _HUMANEVAL).get(entry_point)
    return None if rule is None else _COMMON.format(atol=float(atol)) + rule
