"""Hosts of our integrations, which are not in the environment of the other tests."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

__all__ = ["host"]


def host(module: str) -> Any:
    """Import a module of a host; a test is skipped where it is not installed.

    In the environment that is made for them (`make test-hosts`) each must be there.
    """
    if Path(sys.prefix).name == ".venv-hosts":
        return importlib.import_module(module)
    name = module.partition(".")[0]
    return pytest.importorskip(module, reason=f"{name} is not installed: make test-hosts")
