"""Functions that a person labelled: is the documentation enough to write them again?

`calibration.jsonl` holds ours; `calibration.md` says how they were chosen and labelled, and under
which licences the functions are. A file of your own has the same form: the seed may be a line of a
run's `seeds.jsonl`, the rest needs no more than `enough`.
"""

from pathlib import Path

import msgspec

from veristone import DatasetError
from veristone.generators.seeds.records import Seed

__all__ = ["BUILT_IN", "Labelled", "read_labelled"]

BUILT_IN = Path(__file__).parent / "calibration.jsonl"


class Labelled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function and what a person thinks of its documentation."""

    seed: Seed
    enough: bool
    """The label: yes or no."""
    reason: str = ""
    borderline: bool = False
    """Another careful reader could have said the opposite."""
    kind: str = "real"
    """`real`: as it was found. Else what was made of the documentation of one that was enough:
    `other_function`, `wrong_detail`, `vague`, `outdated_parameter`."""
    of: str = ""
    """Id of the seed that a changed one was made of: both share their code."""

    @property
    def group(self) -> str:
        """What all that share their code have in common."""
        return self.of or self.seed.id


def read_labelled(path: Path = BUILT_IN) -> list[Labelled]:
    """Return the labelled functions of a file.

    Raises:
        DatasetError: the file cannot be read, a line is none, an id comes twice, or a label is
            missing altogether: there must be some yes and some no.
    """
    try:
        found = msgspec.json.Decoder(Labelled).decode_lines(path.read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {error}") from error
    if len({one.seed.id for one in found}) < len(found):
        raise DatasetError(f"{path}: a function comes twice")
    if len({one.enough for one in found}) < 2:
        raise DatasetError(f"{path}: a calibration needs functions of both labels")
    return found
