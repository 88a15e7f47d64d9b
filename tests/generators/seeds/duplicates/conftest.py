"""No waiting for the disk: nothing here can tell a flushed file from one that is not.

`test_other_processes_decide_the_same` runs what is left out.
"""

from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

import pytest

from veristone.generators.seeds.duplicates import files


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    def flush(file: BufferedIOBase) -> None:
        file.flush()

    def pass_by(folder: Path) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_flush", flush)
        patch.setattr(files, "_flush_folder", pass_by)
        yield
