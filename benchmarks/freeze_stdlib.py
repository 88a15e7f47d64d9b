"""Writes what the filters know of the standard library: ``python -m benchmarks.freeze_stdlib``.

To be run on Python 3.11. Modules that do something when they are imported (`antigravity` opens a
browser) or that are not for programs (`idlelib`, `test`) have no members in the file; neither have
those of other platforms.
"""

import builtins
import importlib
import json
import pkgutil
import sys
from types import ModuleType

from veristone.generators.seeds.filters.stdlib import FILE

__all__ = ["freeze", "main"]

_SKIPPED = frozenset(
    {"antigravity", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this", "tkinter"}
    | {"turtle", "turtledemo", "venv"}
)
_PRIVATE = frozenset({"sys._getframe"})
"""Private names that programs use as if they were not."""


def freeze() -> dict[str, object]:
    """Return what the running Python says of itself, as `stdlib.Frozen` wants it."""
    modules = [name for root in sorted(sys.stdlib_module_names) for name in _below(root)]
    members: dict[str, str] = {}
    for name in modules:
        module = _load(name)
        if module is not None:
            below = {other.rpartition(".")[2] for other in modules if _parent(other) == name}
            members[name] = " ".join(sorted(below | _public(module)))
    return {
        "builtins": " ".join(sorted(vars(builtins))),
        "roots": " ".join(sorted(sys.stdlib_module_names)),
        "members": members,
    }


def _below(root: str) -> list[str]:
    """Return the names of a public module and, for a package, of the public ones in it."""
    if root.startswith("_") or root in _SKIPPED or (module := _load(root)) is None:
        return []
    names = [root, "os.path"] if root == "os" else [root]
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), root + "."):
        parts = found.name.split(".")
        if not any(part.startswith("_") or part in ("test", "tests") for part in parts):
            names.append(found.name)
    return names


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _load(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:  # of another platform, or built without its library
        return None


def _public(module: ModuleType) -> set[str]:
    # A list of what `*` imports is often not all that is there for use: `os.PathLike`.
    return set(getattr(module, "__all__", ())) | {
        name
        for name, value in vars(module).items()
        if (not name.startswith("_") or f"{module.__name__}.{name}" in _PRIVATE)
        and not isinstance(value, ModuleType)
        and _is_at_home(value, module.__name__)
    }


def _is_at_home(value: object, module: str) -> bool:
    home = getattr(value, "__module__", None)
    return home is None or home in (module, "builtins") or home.startswith("_")


def main() -> None:
    """Write the file.

    Raises:
        RuntimeError: this is not Python 3.11.
    """
    if sys.version_info[:2] != (3, 11):
        raise RuntimeError("the frozen standard library is that of Python 3.11")
    FILE.write_text(json.dumps(freeze(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
