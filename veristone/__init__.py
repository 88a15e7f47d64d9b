"""Veristone verifies code that models wrote: samples in, verdicts out.

What is imported here is light: wire types, errors and the protocols. The engine that judges is
`veristone.engine.Engine`; the other rooms (`veristone.generators`, `veristone.training`, ...) need
extras and are imported by name where they are used.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from veristone.checks import (
    AssertsCheck,
    Call,
    Check,
    Checker,
    Comparator,
    FrameworkCheck,
    FunctionCheck,
    InteractiveCheck,
    ProgramCheck,
    StdioCase,
    StdioCheck,
)
from veristone.errors import (
    BackendUnavailable,
    ConfigError,
    DatasetError,
    InvalidSample,
    ModelUnavailable,
    ProtocolViolation,
    RequestRefused,
    SandboxFailure,
    SessionEnded,
    SessionsFull,
    VeristoneError,
)
from veristone.generation import Completion, Generation, GenerationRequest, Message, Model
from veristone.limits import Limits
from veristone.sample import Sample
from veristone.session import FileEntry, RunRequest, RunResult, SessionOptions
from veristone.verdict import (
    Decision,
    Isolation,
    Output,
    Provenance,
    Reason,
    Rejected,
    Strength,
    TestResult,
    Usage,
    Verdict,
)
from veristone.verifier import Verifier

if TYPE_CHECKING:
    from veristone.client import Client, SyncClient, local

__all__ = [
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

try:
    __version__ = version("veristone")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    """Import the client when it is first asked for: it is not needed to verify in this process."""
    if name in ("Client", "SyncClient", "local"):
        from veristone import client

        return getattr(client, name)
    raise AttributeError(f"module 'veristone' has no attribute {name!r}")
