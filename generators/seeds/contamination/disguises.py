"""Copies of a benchmark's solutions in disguise, to measure detection with.

Each disguise is deterministic and keeps what the code does. They are what tools and models do to
code by way of formatting, renaming and light rewriting; none is a new implementation. The
paraphraser changes words by a table of its own (not the one that matching knows) and turns
sentences around; a person rewords far more than that, so its recall is an upper bound.
"""

import ast
import builtins
import re
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["DISGUISES", "Copy", "disguise", "paraphrase"]

_WORDS: dict[str, str] = {
    pair.strip().split(":")[0]: pair.split(":")[1].strip()
    for pair in """
    given: supplied, return: give back, returns: gives back, list: sequence, string: text,
    number: value, numbers: values, integer: whole number, integers: whole numbers,
    function: routine, write: implement, find: look up, check: decide, checks: decides,
    largest: highest, smallest: lowest, elements: items, element: item, characters: letters,
    remove: strip, only: just, contains: has, containing: holding, otherwise: else, task: job,
    between: from within, calculate: work out, compute: work out, positive: greater than zero,
    consisting: made, should: must, array: sequence, sorted: ordered, sort: order, sum: total,
    equal: identical
    """.replace(": ", ":").split(",")
}


class Copy(NamedTuple):
    """What a disguise made."""

    text: str
    """A description beside the code; empty where there is none or it is in the code."""
    code: str


def paraphrase(text: str) -> str:
    """Reword a description: other words where the table has some, sentences in reverse order.

    Examples (lines with `>>>` and what follows) are dropped.
    """
    described = text.split(">>>")[0]
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+", " ".join(described.split())) if s]
    return " ".join(re.sub(r"[A-Za-z]+", _reword, sentence) for sentence in reversed(sentences))


def _reword(match: re.Match[str]) -> str:
    return _WORDS.get(match[0].lower(), match[0])


class _Rename(ast.NodeTransformer):
    """Gives every function, argument and variable of the code a new name."""

    def __init__(self, tree: ast.AST) -> None:
        defined = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        arguments = [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
        stored = [
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
        found = dict.fromkeys([*defined, *arguments, *stored])
        own = [name for name in found if not hasattr(builtins, name)]
        self._names = {name: f"item_{number}" for number, name in enumerate(own)}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)


class _Plain(ast.NodeTransformer):
    """Drops annotations and documentation."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.body = [s for s in node.body if not _is_text(s)] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)


_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = dict(
    [(ast.Lt, ast.Gt), (ast.Gt, ast.Lt), (ast.LtE, ast.GtE), (ast.GtE, ast.LtE)]
    + [(same, same) for same in (ast.Eq, ast.NotEq)]
)


class _Rework(ast.NodeTransformer):
    """Writes the same in another way: comparisons turned, `+=` spelt out, `for` to `while`."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = _TURNED.get(type(node.ops[0]))
        if len(node.ops) == 1 and turned is not None:
            return ast.Compare(node.comparators[0], [turned()], [node.left])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value))

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        call = node.iter
        simple = (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
            and len(call.args) == 1
            and isinstance(node.target, ast.Name)
            and not node.orelse
            and not any(isinstance(n, ast.Continue) for n in ast.walk(node))
        )
        if not simple:
            return node
        assert isinstance(call, ast.Call)
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        start = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(0))
        test = ast.Compare(ast.Name(name, ast.Load()), [ast.Lt()], [call.args[0]])
        step = ast.Assign(
            [ast.Name(name, ast.Store())],
            ast.BinOp(ast.Name(name, ast.Load()), ast.Add(), ast.Constant(1)),
        )
        return [start, ast.While(test, [*node.body, step], [])]


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _parsed(code: str) -> ast.Module:
    return ast.parse(code)


def _plain(code: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Plain().visit(_parsed(code))))


def _renamed(code: str) -> str:
    tree = _parsed(_plain(code))
    return ast.unparse(ast.fix_missing_locations(_Rename(tree).visit(tree)))


def _reworked(code: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Rework().visit(_parsed(_renamed(code)))))


def _embedded(code: str) -> str:
    inner = "\n".join(f"    {line}" for line in _renamed(code).split("\n"))
    return (
        "class ReportWriter:\n"
        '    """Collects rows and writes them."""\n\n'
        "    def __init__(self, path, encoding='utf-8'):\n"
        "        self.path = path\n        self.encoding = encoding\n        self.rows = {}\n\n"
        f"{inner}\n\n"
        "    def write(self, rows):\n"
        "        with open(self.path, 'w', encoding=self.encoding) as stream:\n"
        "            for key, row in rows.items():\n"
        "                stream.write(f'{key}: {row}\\n')\n        return len(rows)\n"
    )


DISGUISES: dict[str, Callable[[str, str], Copy]] = {
    "verbatim": lambda text, code: Copy(text, code),
    "undocumented": lambda _, code: Copy("", _plain(code)),
    "renamed": lambda _, code: Copy("", _renamed(code)),
    "embedded": lambda _, code: Copy("", _embedded(code)),
    "reworked": lambda _, code: Copy("", _reworked(code)),
    "described": lambda text, _: Copy(text, ""),
    "paraphrased description": lambda text, _: Copy(paraphrase(text), ""),
    "paraphrased, renamed": lambda text, code: Copy(paraphrase(text), _renamed(code)),
    "paraphrased, reworked": lambda text, code: Copy(paraphrase(text), _reworked(code)),
}
"""Disguises by name, the lightest first; each takes a description and a whole Python program."""


def disguise(kind: str, text: str, code: str) -> Copy:
    """Return a copy in one disguise.

    Raises:
        SyntaxError: the code is no Python.
    """
    return DISGUISES[kind](text, code)
