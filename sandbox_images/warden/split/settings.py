"""What tests set up around the solution: patched functions, seeds, names, process settings.

Tests patch modules of their own process. What they have changed is sent along with their next
question, and taken back once they have.
"""

from __future__ import annotations

import ast
import importlib
import random
import re
import sys
import types
from typing import Any

from .process import SETTINGS
from .wire import Broken

_DOTTED = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
_PATCHING = re.compile(r"patch|setattr|stdin|argv|[.]\w+\s*=[^=]|\b(input|print|open)\s*=")
_USUAL = (("builtins", "input"), ("builtins", "print"), ("builtins", "open"))
_MISSING = object()
_STDLIB = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
_STREAMS = {("sys", "stdout"), ("sys", "stderr")}
"""What the solution writes is brought to the tests' streams, whichever these are."""
_OURS = ("solution", "__main__", "unittest", "pytest")


class Settings:
    """Looks what the tests have changed since the last question."""

    def __init__(self, judge: Any, space: dict[str, Any], tree: ast.Module, source: str) -> None:
        self._judge, self._space = judge, space
        self._patched: dict[tuple[str, str], tuple[Any, Any]] = {}
        for place in self._places(tree, source) if _PATCHING.search(source) else ():
            original = self._now(place)
            if original is not _MISSING:
                self._patched[place] = (original, original)
        self._process = {
            name: setting.read() for name, setting in SETTINGS.items() if setting.word in source
        }
        self._given: dict[str, Any] = {}
        self._wants: list[str] = []
        self._may_patch = "patch" in source or "setattr" in source
        if "seed" in source:
            self._share_seeds(source)

    def names(self, given: dict[str, Any], wants: list[str]) -> None:
        """Take the solution's names, and those that it wants the tests to define."""
        self._given = dict(given)
        self._wants = wants

    def rebound(self, names: dict[str, Any]) -> None:
        """Take what the solution has bound anew, where the tests have not."""
        for name, value in names.items():
            if name in self._given and self._space.get(name) is self._given[name]:
                self._given[name] = self._space[name] = value

    def changes(self) -> list[Any]:
        """Return [module, name, form] for all that differs from the last time."""
        changed: list[Any] = []
        for place, (original, last) in self._patched.items():
            now = self._now(place)
            if now is not last:
                self._patched[place] = (original, now)
                self._add(changed, *place, None if now is original else now, now is original)
        self._add_names(changed)
        for name, last in self._process.items():
            now = SETTINGS[name].read()
            if now != last:
                self._process[name] = now
                self._add(changed, name, "", now)
        return changed

    def _add_names(self, changed: list[Any]) -> None:
        for name, last in self._given.items():
            now = self._space.get(name, last)
            if now is not last:
                self._given[name] = now
                if self._may_patch or not isinstance(
                    now, (types.FunctionType, types.ModuleType, type)
                ):
                    self._add(changed, "", name, now)
        for name in self._wants[:]:
            if name in self._space:
                self._wants.remove(name)
                self._add(changed, "", name, self._space[name])

    def _add(
        self, changed: list[Any], place: str, name: str, value: Any, is_restored: bool = False
    ) -> None:
        try:
            form = None if is_restored else self._judge.encode_shared([value])
        except TypeError:  # what cannot be lent is not the solution's to use
            return
        changed.append([place, name, form])

    def _places(self, tree: ast.Module, source: str) -> set[tuple[str, str]]:
        """Return (module, name) of all that the tests may patch, by their text."""
        found = {place for place in _USUAL if re.search(rf"\b{place[1]}\b", source)}
        for name in ("stdin", "argv"):
            if name in source:
                found.add(("sys", name))
        modules = _imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and type(node.value) is str:
                if _DOTTED.match(node.value):
                    found.add(tuple(node.value.rsplit(".", 1)))  # type: ignore[arg-type]
            elif isinstance(node, ast.Call) and len(node.args) >= 2:
                owner, name = _dotted(node.args[0]), node.args[1]
                if isinstance(name, ast.Constant) and type(name.value) is str and owner:
                    found.add((_real(owner, modules), name.value))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                owner = _dotted(node.value)
                if owner:
                    found.add((_real(owner, modules), node.attr))
        found -= _STREAMS
        return {place for place in found if place[0].partition(".")[0] not in _OURS}

    def _now(self, place: tuple[str, str]) -> Any:
        module = sys.modules.get(place[0])
        if module is None:
            if place[0].partition(".")[0] not in _STDLIB:
                return _MISSING
            try:
                module = importlib.import_module(place[0])
            except ImportError:
                return _MISSING
        return getattr(module, place[1], _MISSING)

    def _share_seeds(self, source: str) -> None:
        """Have `random.seed` seed the solution's generator as well."""
        modules: list[Any] = [random]
        if re.search(r"\b(np|numpy)\.random\.seed", source):
            modules.append(importlib.import_module("numpy.random"))
        for module in modules:
            module.seed = self._seeding(module.__name__, module.seed)

    def _seeding(self, module: str, seed: Any) -> Any:
        def seed_both(*args: Any) -> None:
            seed(*args)
            self._judge.ask("seed", module, list(args))

        return seed_both


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return the modules that the tests import, by the names that they have there."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _real(owner: str, modules: dict[str, str]) -> str:
    first, dot, rest = owner.partition(".")
    return modules.get(owner) or modules.get(first, first) + dot + rest


__all__ = ["Broken", "Settings"]
