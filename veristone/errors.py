"""Errors that Veristone raises, one type per boundary.

    VeristoneError
    ├── InvalidSample        the sample cannot be judged as it is (also a ValueError)
    ├── ConfigError          a setting is wrong (also a ValueError)
    ├── BackendUnavailable   no sandbox can be had on this host, or its daemon does not answer
    ├── SandboxFailure       a sandbox broke while it held a sample; the sample may be tried again
    │   └── ProtocolViolation   a sandbox answered with something that is no report
    ├── SessionEnded         a session is over, or there is none of this name (also a LookupError)
    ├── SessionsFull         as many sessions, or calls of one, as there may be; ask again later
    ├── ModelUnavailable     a language model does not answer; the same request may work later
    ├── RequestRefused       a language model will never answer this request (also a ValueError)
    └── DatasetError         a benchmark or samples file cannot be read (also a ValueError)

A verdict is data; a fault of ours is an exception. Nothing turns the second into a wrong answer:
the engine retries `SandboxFailure` on a fresh sandbox and in the end says `undecided`.
"""

__all__ = [
    "BackendUnavailable",
    "ConfigError",
    "DatasetError",
    "InvalidSample",
    "ModelUnavailable",
    "ProtocolViolation",
    "RequestRefused",
    "SandboxFailure",
    "SessionEnded",
    "SessionsFull",
    "VeristoneError",
]


class VeristoneError(Exception):
    """Root of every error that Veristone raises on purpose."""


class InvalidSample(VeristoneError, ValueError):
    """The sample cannot be judged as it is; the message says which field and what to do."""


class ConfigError(VeristoneError, ValueError):
    """A setting is wrong; the message says which one and what it may be."""


class BackendUnavailable(VeristoneError, RuntimeError):
    """No sandbox can be started here; the message says what to install or start."""


class SandboxFailure(VeristoneError, RuntimeError):
    """A sandbox died, hung or could not be shown clean. Never the sample's fault alone: retry."""


class ProtocolViolation(SandboxFailure):
    """A sandbox sent bytes that are no report of ours. The sandbox is destroyed."""


class SessionEnded(VeristoneError, LookupError):
    """The session is over: closed, out of time or of quota, or broken; the message says which."""


class SessionsFull(VeristoneError, RuntimeError):
    """There are as many sessions as there may be, or calls that wait in one. Ask again later."""


class ModelUnavailable(VeristoneError, RuntimeError):
    """A language model did not answer after every retry. Nothing about the request: ask later."""


class RequestRefused(VeristoneError, ValueError):
    """A language model will never answer this request; the message says what is wrong with it."""


class DatasetError(VeristoneError, ValueError):
    """A benchmark or samples file cannot be read; the message names the file and the line."""
