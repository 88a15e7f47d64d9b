"""Whether test code can be judged in a process apart from the solution's, by its text alone.

The solution has no say in this: it would choose the judge that it can fool. What is listed here
needs the solution's own objects, its interpreter, or its threads beside the tests.
"""

import ast
import functools
import re

__all__ = ["reason_to_share"]

_NEEDS = (
    (r"\binspect\b|__code__|__closure__|__annotations__|get_type_hints", "look into functions"),
    (r"\bdoctest\b", "run doctests"),
    (r"\bthreading\b|\bconcurrent\b|\bmultiprocessing\b|\bThread\b", "start threads or processes"),
    (
        r"\b(gather|create_task|TaskGroup|as_completed|wait_for|ensure_future)\b"
        r"|\basyncio\.(Queue|Event|Lock|Semaphore|sleep|wait|timeout)\b|\bawait sleep\b",
        "run tasks side by side",
    ),
    (r"\bgc\b|\bweakref\b|getrefcount|tracemalloc", "watch the interpreter's memory"),
    (r"settrace|setprofile|sys\._getframe|_getframe\b", "watch the interpreter"),
    (r"assertLogs|assertNoLogs|caplog", "catch log records"),
    (r"assertWarns|\bwarns\b|catch_warnings|deprecated_call|recwarn", "catch warnings"),
    (r"\bcapfd|capfdbinary", "catch what is written to descriptors"),
    (r"autospec|create_autospec|\bspec\s*=|spec_set|\bwraps\s*=", "copy the shape of objects"),
    (
        r"\bpandas\b|\bpd\.|\btorch\b|\btensorflow\b|\btf\.|\bjax\b|\bxarray\b|\bsklearn\b|\bplt\b|matplotlib",
        "compare objects of large libraries",
    ),
    (
        r"\basdict\b|\bastuple\b|dataclasses\.(fields|replace|is_dataclass)|\bis_dataclass\b",
        "look into dataclasses",
    ),
    (
        r"\bctypes\b|\bimportlib\b|sys\.modules|__subclasses__|__mro__|issubclass|\bruntime_checkable\b"
        r"|\b[A-Z]\w*\.__dict__|\bvars\([A-Z]",
        "look into classes or modules",
    ),
    (r"\bsignal\b|\bos\.(fork|kill|_exit|dup2)\b", "use signals or processes"),
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_PATTERNS = tuple((re.compile(pattern), why) for pattern, why in _NEEDS)


@functools.lru_cache(maxsize=256)
def reason_to_share(tests: str) -> str | None:
    """Return why these tests need the solution in their own process, None where they do not.

    Tests that are no Python are judged apart: their error is theirs.
    """
    for pattern, why in _PATTERNS:
        if pattern.search(tests):
            return why
    if "class " not in tests:
        return None
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    known = _names_bound(tree)
    return (
        _derives(tree, known)
        or _asks_about_its_own(tree, known)
        or _hands_classes_over(tree, known)
    )


def _derives(tree: ast.Module, known: set[str]) -> str | None:
    """Return a reason where a class of the tests has a base that only the solution can define."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for base in node.bases:
            if isinstance(base, ast.Name) and _is_strange(base, known):
                return "derive a class from the solution's"
    return None


def _asks_about_its_own(tree: ast.Module, known: set[str]) -> str | None:
    """Return a reason where an object of the tests' may be an instance of the solution's class.

    As of a protocol, which looks at what the object has.
    """
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    own = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _makes_one_of(classes, node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) != 2:
            continue
        asks = isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        instance, kind = node.args
        is_own = _makes_one_of(classes, instance) or (
            isinstance(instance, ast.Name) and instance.id in own
        )
        strange = isinstance(kind, ast.Name) and _is_strange(kind, known)
        if asks and is_own and strange:
            return "look into classes or modules"
    return None


def _hands_classes_over(tree: ast.Module, known: set[str]) -> str | None:
    """Return a reason where the solution is to change a class of the tests, or to look into one.

    It is decorated, holds what the solution decorated or made (a property of its own kind), or is
    an argument.
    """
    why = "hand their classes to the solution"
    modules = _modules(tree)
    classes: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        decorated = [node, *(each for each in node.body if isinstance(each, _FUNCTIONS))]
        if any(_is_strange(each, known) for one in decorated for each in one.decorator_list):
            return why
        bases = [_root(base) for base in node.bases]
        if node.name.startswith("Test") or any(base in modules for base in bases):
            continue  # a case, whose attributes are what it tests
        if not any(base.endswith(("Error", "Exception")) for base in bases):
            classes.add(node.name)
        values = [each.value for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
        if any(isinstance(each, ast.Call) and _is_strange(each, known) for each in values):
            return why
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if not any(isinstance(each, ast.Name) and each.id in classes for each in node.args):
            continue
        is_method = isinstance(node.func, ast.Attribute) and _root(node.func) not in modules
        if is_method or _is_strange(node.func, known):
            return why
    return None


def _is_strange(node: ast.expr, known: set[str]) -> bool:
    """True for what begins with a name that only the solution can define."""
    name = _root(node)
    return bool(name) and (name == "solution" or not (name in known or _is_builtin(name)))


def _root(node: ast.expr) -> str:
    """Return the name that `name`, `name.attribute` and calls of them begin with, else nothing."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _modules(tree: ast.Module) -> set[str]:
    """Return names of modules and of what is imported from them, and `self`."""
    names = {"self"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names - {"solution"}


def _makes_one_of(classes: set[str], node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in classes
    )


def _is_builtin(name: str) -> bool:
    return name in vars(__import__("builtins"))


def _names_bound(tree: ast.Module) -> set[str]:
    """Return names that the tests define or import from elsewhere than the solution."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module not in ("solution", "__main__"):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
