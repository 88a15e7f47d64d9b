"""What goes in: code, and how to check it."""

import hashlib
import math
import operator
from collections.abc import Mapping
from typing import Any

import msgspec

from veristone.checks import Check, Checker, InteractiveCheck, ProgramCheck, StdioCheck
from veristone.errors import InvalidSample
from veristone.limits import Limits

__all__ = ["Sample", "is_path"]

MAX_FILES = 256
MAX_CODE_BYTES = 16 * 1024 * 1024
MAX_ID = 4096
MAX_SHOWN = 16 * 1024 * 1024


class Sample(msgspec.Struct, kw_only=True, omit_defaults=True, dict=True):
    """Code that a model wrote and the check that decides about it.

    Unknown fields are ignored when a sample is read, so records of other tools can be fed as they
    are. Without an `id` the sample gets one made of its content: the same sample, the same id.
    """

    code: str
    check: Check = msgspec.field(default_factory=ProgramCheck)
    language: str = "python"
    id: str = ""
    limits: Limits = Limits()
    files: dict[str, bytes] = {}
    """More files for the work area: relative path to content (base64 in JSON)."""
    env: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    """Carried along, never looked at."""

    def __post_init__(self) -> None:
        if not self.id:
            self.id = self.digest()

    def digest(self) -> str:
        """Return a name for what is judged: all but the id and what is carried along.

        It is worked out once, unless a field is given another value afterwards.
        """
        judged = self._judged()
        known: tuple[tuple[object, ...], str] | None = vars(self).get("_digest")
        if known is not None and all(map(operator.is_, known[0], judged)):
            return known[1]
        digest = "sha256:" + hashlib.sha256(self.content()).hexdigest()[:32]
        vars(self)["_digest"] = (judged, digest)
        return digest

    def content(self) -> bytes:
        """Return what is judged, as bytes that are the same for equal samples."""
        return msgspec.json.encode(self._judged(), order="deterministic")

    def _judged(self) -> tuple[object, ...]:
        return self.code, self.check, self.language, self.limits, self.files, self.env

    def jury(self) -> dict[str, Checker]:
        """Return the programs of the jury's that its check brings along, by their fields."""
        check = self.check
        if not isinstance(check, StdioCheck | InteractiveCheck):
            return {}
        names = ("checker", "interactor", "reference")
        programs = {name: getattr(check, name, None) for name in names}
        return {name: program for name, program in programs.items() if program is not None}

    def validate(self) -> None:
        """Raise `InvalidSample` where the sample cannot be judged as it is.

        Raises:
            InvalidSample: the message names the field.
        """
        self.limits.check()
        if len(self.code) > MAX_CODE_BYTES:
            raise InvalidSample(f"code is larger than {MAX_CODE_BYTES} bytes")
        if len(self.id) > MAX_ID:
            raise InvalidSample(f"id is longer than {MAX_ID} characters")
        _check_files(self.files, "files")
        for field, program in self.jury().items():
            _check_files(program.files, f"check.{field}.files")
            program.limits.check()
        if isinstance(self.check, StdioCheck | InteractiveCheck):
            for number, case in enumerate(self.check.cases, 1):
                if not 0 < case.points < math.inf:
                    raise InvalidSample(f"check.cases: case {number} must be worth some points")
        if isinstance(self.check, ProgramCheck):
            if not 0 <= self.check.show_bytes <= MAX_SHOWN:
                raise InvalidSample(f"check.show_bytes must lie between 0 and {MAX_SHOWN}")
            if len(self.check.fetch) > MAX_FILES:
                raise InvalidSample(f"check.fetch: {MAX_FILES} files at most")
            for name in self.check.fetch:
                _check_path(name, "check.fetch")
        for name, value in self.env.items():
            if not name or "=" in name or "\0" in name + value:
                raise InvalidSample(f"env: {name!r} is no name of an environment variable")


def _check_files(files: Mapping[str, bytes], field: str) -> None:
    """Raise `InvalidSample` for too many files, or such that cannot lie beside one another."""
    if len(files) > MAX_FILES:
        raise InvalidSample(f"{field}: {len(files)} given, {MAX_FILES} at most")
    for name in files:
        _check_path(name, field)
        parents = name.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            if "/".join(parents[:depth]) in files:
                raise InvalidSample(f"{field}: {name!r} lies in a folder that is a file too")


def is_path(name: str) -> bool:
    """True for the relative path of a file inside a work area, without detours."""
    parts = name.split("/")
    # 255 bytes are what a file system takes for one name.
    long = len(name) > 1024 or any(len(part.encode("utf-8", "replace")) > 255 for part in parts)
    return not ("\0" in name or long or any(part in ("", ".", "..") for part in parts))


def _check_path(name: str, field: str) -> None:
    if not is_path(name):
        raise InvalidSample(
            f"{field}: {name[:80]!r} is no relative path inside the work area"
            " (plain names between single slashes, 255 bytes each at most)"
        )
