"""The names that other people's programs may use. A change here is a change for them."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import engine
import veristone

ROOT = Path(__file__).resolve().parents[1]


def test_names_of_veristone() -> None:
    assert veristone.__all__ == [
        "AssertsCheck",
        "BackendUnavailable",
        "Call",
        "Check",
        "Checker",
        "Comparator",
        "Completion",
        "ConfigError",
        "DatasetError",
        "Decision",
        "FunctionCheck",
        "Generation",
        "GenerationRequest",
        "InvalidSample",
        "Isolation",
        "Limits",
        "Message",
        "Model",
        "ModelUnavailable",
        "Output",
        "ProgramCheck",
        "ProtocolViolation",
        "Reason",
        "Rejected",
        "RequestRefused",
        "Sample",
        "SandboxFailure",
        "StdioCase",
        "StdioCheck",
        "TestResult",
        "Usage",
        "Verdict",
        "Verifier",
        "VeristoneError",
        "__version__",
    ]


def test_names_of_the_engine() -> None:
    assert engine.__all__ == ["Engine", "EngineConfig"]


def modules() -> list[str]:
    found: list[str] = []
    for package in (veristone, engine):
        walked = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        found += [info.name for info in walked if "__main__" not in info.name]
    # The command is used from a shell, not from programs.
    return [name for name in found if not name.startswith("veristone.cli")]


@pytest.mark.parametrize("name", ["veristone", "engine", *modules()])
def test_every_public_name_is_there(name: str) -> None:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", []):
        assert hasattr(module, public), public


def test_errors_can_be_caught_as_what_they_are() -> None:
    """One root; and the standard types that people expect."""
    tree = {
        veristone.InvalidSample: (ValueError,),
        veristone.ConfigError: (ValueError,),
        veristone.DatasetError: (ValueError,),
        veristone.BackendUnavailable: (RuntimeError,),
        veristone.SandboxFailure: (RuntimeError,),
        veristone.ModelUnavailable: (RuntimeError,),
        veristone.RequestRefused: (ValueError,),
        veristone.ProtocolViolation: (veristone.SandboxFailure,),
    }
    for error, bases in tree.items():
        assert issubclass(error, veristone.VeristoneError)
        assert issubclass(error, bases)
    assert not issubclass(veristone.BackendUnavailable, veristone.SandboxFailure)
