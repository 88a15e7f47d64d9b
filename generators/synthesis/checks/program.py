"""Checks of code and of its tests.

Python is parsed by `ast`, other languages by their grammars where these are installed; code of a
language without one is taken as it is.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from veristone.generators.code.answers import joined
from veristone.generators.code.comments import comments
from veristone.generators.code.fences import Fence
from veristone.generators.code.grammars import accepts
from veristone.generators.code.names import defined_names, imported_modules, names_in
from veristone.generators.code.python import Function, Parsed, Unparsable, parse, statements
from veristone.generators.code.suites import read_suite
from veristone.generators.seeds.filters.stdlib import roots
from veristone.generators.seeds.languages import language_named
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["code_of", "foreign_imports", "in_one_file", "program", "stub", "suite", "tests_of"]

_ALIKE = {
    "javascript": frozenset({"javascript", "typescript", "tsx"}),
    "typescript": frozenset({"javascript", "typescript", "tsx"}),
    "tsx": frozenset({"typescript", "tsx"}),
    "cpp": frozenset({"c", "cpp"}),
    "c": frozenset({"c", "cpp"}),
}
"""Languages whose names are used for one another."""
_PROMISE = re.compile(
    r"^#+[ \t]*(?:TODO|FIXME)\b(?![ \t-]*(?:list|item|app|entr|task|manager)s?\b)"
    r"|\b(?:your (?:code|implementation|solution|logic)|implementation|code)"
    r" (?:goes |comes )?here\b"
    r"|^#+[ \t]*(?:\.\.\.|…)?[ \t]*(?:the )?(?:rest of|remaining)(?: of)? (?:the|your)"
    r" (?:code|implementation|solution|program|methods|functions)\b"
    r"|^#+[ \t]*(?:implement (?:this|me|your)|(?:add|write|insert) your)\b"
    r"|^#+[ \t]*(?:existing code|same as (?:before|above)) ?(?:\.\.\.|…)",
    re.IGNORECASE,
)
_LOUD = re.compile(r"^#+[ \t]*(?:todo|fixme)", re.IGNORECASE)
_IDLE = re.compile(r"noop|no_op|nop|nothing|null|dummy|ignore|placeholder_callback", re.IGNORECASE)
_ABSTRACT = frozenset({"abstractmethod", "overload", "abstractproperty", "abstractclassmethod"})
_BASES = frozenset({"ABC", "Protocol", "ABCMeta"})


def code_of(blocks: Sequence[Fence], language: str) -> str | Problem:
    """Return the program that an answer's fences make: all of the language that parse, joined; or
    why there is none: `no_code`, `wrong_language`, `does_not_parse`.

    A tag that names the language is believed; fences without a tag count where there is none with
    the right one. Fences of other languages beside it (a shell command, some output) do no harm.
    """
    whole = [block for block in blocks if block.code.strip()]
    if not whole:
        return problem("no_code", f"{len(blocks)} empty fences" if blocks else "no fence")
    # `pycon`, `text` and `output` name no language of ours: they are not code of this one.
    names = _ALIKE.get(language, {language})
    ours = [block for block in whole if block.tag and language_named(block.tag) in names]
    ours = ours or [block for block in whole if not block.tag]
    if not ours:
        tags = sorted({block.tag for block in whole})
        return problem("wrong_language", f"fences: {', '.join(tags)}")
    good = [block.code for block in ours if program(block.code, language) is None]
    if not good:
        return program(ours[0].code, language) or problem("no_code")
    return joined(good) if language == "python" else "\n\n".join(c.strip("\n") for c in good)


def program(code: str, language: str) -> Problem | None:
    """Return why a text that must be a program is none."""
    if not code.strip():
        return problem("no_code", "no fence")
    if language != "python":
        if accepts(language, code) is False:
            return problem("does_not_parse", f"not accepted by the grammar of {language}")
        return None
    tree = parse(code)
    if isinstance(tree, Unparsable):
        return problem("does_not_parse", tree.detail)
    return None if tree.module.body else problem("does_not_parse", "no statement")


def foreign_imports(code: str, allowed: Collection[str]) -> Problem | None:
    """`imports`: Python that imports a module outside of the standard library (of Python 3.11) and
    `allowed`; relative imports are from nowhere."""
    tree = parse(code)
    for names in imported_modules(tree) if isinstance(tree, Parsed) else ():
        root = names[0].partition(".")[0]
        if not root:
            return problem("imports", f"relative import of {names[0]}")
        above = (f"{name}.".startswith(f"{module}.") for name in names for module in allowed)
        if root not in roots() and not any(above):
            return problem("imports", names[0])
    return None


def tests_of(blocks: Sequence[Fence], language: str) -> str | Problem:
    """Return the test code that fences make. Python that does not parse is given as it is: what is
    wrong with it is for `suite` to say."""
    found = code_of(blocks, language)
    if isinstance(found, str):
        return found
    if found.reason == "does_not_parse" and language == "python":
        return "\n\n".join(block.code for block in blocks)
    return Problem("no_tests", found.detail)


def suite(tests: str, code: str) -> Problem | None:
    """`no_tests`, `vacuous_tests`, `tests_define_solution`: Python tests that say nothing; code
    that does not parse defines nothing."""
    tree = parse(tests)
    if not tests.strip() or (isinstance(tree, Parsed) and not tree.module.body):
        return problem("no_tests", "comments only" if tests.strip() else "nothing there")
    found = read_suite(code, tests)
    if found.redefined:
        return problem("tests_define_solution", ", ".join(found.redefined))
    return problem("vacuous_tests", found.problem) if found.problem else None


def in_one_file(tests: str, code: str) -> str:
    """Return tests without those imports at their top that name nothing but what the code defines,
    from modules that are not the standard library's (`from solution import f`): they are run
    behind the code."""
    tree, solution = parse(tests), parse(code)
    if not isinstance(tree, Parsed) or not isinstance(solution, Parsed) or "import" not in tests:
        return tests
    names = defined_names(solution.module)
    lines = tests.split("\n")
    body = tree.module.body
    for node in reversed(body):
        if not isinstance(node, ast.ImportFrom) or any(alias.asname for alias in node.names):
            continue
        end = node.end_lineno or 0
        known = (node.module or "").partition(".")[0] in roots() and not node.level
        shared = any(o is not node and o.lineno <= end <= (o.end_lineno or 0) for o in body)
        if not known and not shared and all(alias.name in names for alias in node.names):
            lines[node.lineno - 1 : end] = []
    return "\n".join(lines)


def stub(code: str) -> Problem | None:
    """`incomplete`: a Python program that leaves to the reader what was asked for: comments that
    say so, and functions that do nothing.

    What is no stub: words in strings, a comment on a to-do list, abstract methods, protocols,
    overloads, base classes whose methods raise and that the program derives from, hooks of classes
    that pass on purpose, and functions whose name says that they do nothing.
    """
    for comment in (token.string for token in comments(code)[0]):
        loud = _LOUD.match(comment)
        # In lower case it is a word like others: "# todo items of a user".
        if _PROMISE.search(comment) and (loud is None or loud[0].lstrip("# \t").isupper()):
            return problem("incomplete", comment)
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return None
    classes = [node for node in tree.nodes if isinstance(node, ast.ClassDef)]
    bases = {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    for owner, function in _functions(tree.module):
        if _gives_up(function, owner, bases):
            return problem("incomplete", f"{function.name} does nothing")
    return None


def _functions(module: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Function]]:
    """Functions of the module and of its classes, each with its class; not those inside others."""
    pending: list[tuple[ast.ClassDef | None, ast.stmt]] = [(None, node) for node in module.body]
    while pending:
        owner, node = pending.pop(0)
        if isinstance(node, Function):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            pending += [(node, inner) for inner in node.body]


def _gives_up(function: Function, owner: ast.ClassDef | None, bases: set[str]) -> bool:
    body = statements(function)
    if any(names_in(decorator) & _ABSTRACT for decorator in function.decorator_list):
        return False
    raises = len(body) == 1 and isinstance(body[0], ast.Raise)
    raises = raises and "NotImplementedError" in names_in(body[0])
    constants = [s.value for s in body if isinstance(s, ast.Expr)]
    constants = [value.value for value in constants if isinstance(value, ast.Constant)]
    empty = len(constants) + sum(isinstance(s, ast.Pass) for s in body) == len(body)
    if owner is None:
        return raises or (empty and not _IDLE.search(function.name))
    marks = {name for base in (*owner.bases, *owner.keywords) for name in names_in(base)}
    if marks & _BASES or owner.name in bases:
        return False
    return raises or (empty and ... in constants)
