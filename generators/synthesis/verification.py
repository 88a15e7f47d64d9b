"""From a record to what the verifier is asked. Pure: who asks, how often and when is not said here.

Python tests become an `asserts` check: they run after the code, in its namespace. In other
languages they are put behind the code, and the program must end well. A record without tests must
run to its end, which says little: rows that passed so are told apart by their empty `tests`.
"""

from typing import Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from veristone import AssertsCheck, InvalidSample, Limits, ProgramCheck, Sample
from veristone.generators.synthesis.records import Record

__all__ = ["Verify", "sample_of"]

_DEFAULTS = Limits()


class Verify(BaseModel):
    """The recipe's `[verify]`: limits of one run, as in `veristone.Limits`, and what is run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu_s: float = Field(default=_DEFAULTS.cpu_s, gt=0)
    wall_s: float = Field(default=_DEFAULTS.wall_s, gt=0)
    memory_mib: int = Field(default=_DEFAULTS.memory_mib, gt=0)
    processes: int = Field(default=_DEFAULTS.processes, gt=0)
    output_bytes: int = Field(default=_DEFAULTS.output_bytes, gt=0)
    file_mib: int = Field(default=_DEFAULTS.file_mib, gt=0)
    disk_mib: int = Field(default=_DEFAULTS.disk_mib, gt=0)
    languages: tuple[str, ...] = ("python",)
    """Languages that are run; records of others are exported without a verdict."""
    untested: Literal["run", "skip"] = "run"
    """Records without tests: `run` asks that the program ends well, `skip` exports them without a
    verdict."""
    strength: Literal["none", "stub", "mutants"] = "stub"
    """What the verdict on Python tests that pass says of their strength, as in `AssertsCheck`."""

    @model_validator(mode="after")
    def _limits_hold(self) -> Self:
        try:
            self.limits.check()
        except InvalidSample as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def limits(self) -> Limits:
        """Limits of one run."""
        names = {field.name for field in msgspec.structs.fields(Limits)}
        return Limits(**self.model_dump(include=names))


def sample_of(record: Record, verify: Verify) -> Sample | None:
    """Return what to verify; None where the record is to be exported without a verdict."""
    tests = record.tests.strip()
    if not record.code.strip() or record.language not in verify.languages:
        return None
    if not tests and verify.untested == "skip":
        return None
    python = record.language == "python"
    code = record.code
    if tests and not python:
        code = f"{code.rstrip()}\n\n{record.tests}"
    strength = None if verify.strength == "none" else verify.strength
    asserts = AssertsCheck(tests=record.tests, strength=strength)
    return Sample(
        id=record.id,
        language=record.language,
        code=code,
        check=asserts if tests and python else ProgramCheck(),
        limits=verify.limits,
    )
