"""The names that other people's programs may use. A change here is a change for them."""

import importlib
from pathlib import Path

import pytest

import veristone
from veristone import engine

ROOT = Path(__file__).resolve().parents[1]


def test_names_of_veristone() -> None:
    assert veristone.__all__ == [
        "AssertsCheck",
        "BackendUnavailable",
        "Call",
        "Check",
        "Checker",
        "Client",
        "Comparator",
        "Completion",
        "ConfigError",
        "DatasetError",
        "Decision",
        "FileEntry",
        "FrameworkCheck",
        "FunctionCheck",
        "Generation",
        "GenerationRequest",
        "InteractiveCheck",
        "InvalidSample",
        "Isolation",
        "Limits",
        "Message",
        "Model",
        "ModelUnavailable",
        "Output",
        "ProgramCheck",
        "ProtocolViolation",
        "Provenance",
        "Reason",
        "Rejected",
        "RequestRefused",
        "RunRequest",
        "RunResult",
        "Sample",
        "SandboxFailure",
        "SessionEnded",
        "SessionOptions",
        "SessionsFull",
        "StdioCase",
        "StdioCheck",
        "Strength",
        "SyncClient",
        "TestResult",
        "Usage",
        "Verdict",
        "Verifier",
        "VeristoneError",
        "__version__",
        "local",
    ]


def test_names_of_the_engine() -> None:
    assert engine.__all__ == ["Engine", "EngineConfig"]


def modules() -> list[str]:
    """The modules of the package and of the engine; the other rooms need extras."""
    paths = [*(ROOT / "veristone").glob("*.py"), *(ROOT / "veristone/queues").glob("*.py")]
    paths += (ROOT / "veristone/engine").rglob("*.py")
    found = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return sorted(name.removesuffix(".__init__") for name in found if "__main__" not in name)


@pytest.mark.parametrize("name", modules())
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
