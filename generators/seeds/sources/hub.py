"""Parquet files of a data set on the Hugging Face hub, streamed: nothing is downloaded first.

`huggingface_hub` lists and opens the files, pyarrow reads them. A part is a file, as the revision
had it that was current when the run began; a run that goes on later reads the same one. The hub
keeps a copy in parquet of most data sets that are something else, in the revision
`refs/convert/parquet`. Code that comes with a data set is never run.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

from pydantic import Field

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.parquet import RowGroups, parquet
from veristone.generators.seeds.sources.text import one_line

__all__ = ["HubSource"]


class HubSource(RowGroups):
    """Rows of a data set by its name on a hub."""

    kind: Literal["hub"] = "hub"
    dataset: str = Field(min_length=1)
    """`bigcode/the-stack-dedup`; gated ones need the token that `hf auth login` leaves."""
    split: str = "train"
    """Of files that name a split, those of this one."""
    data_dir: str = ""
    """A folder inside the data set: `data/python`."""
    revision: str | None = None
    """Commit, branch or tag; a commit makes the recipe mean the same for ever."""

    def parts(self) -> Iterator[Part]:
        """Yield the files in their order; all in one if there is a limit.

        Raises:
            ConfigError: no hub answers, there is no such data set, or it has not the columns it
                should.
        """
        files = self._files()
        try:
            with self.opened(files[0]) as file:
                names = cast(list[str], file.schema_arrow.names)
        except Exception as error:  # the hub's, its file system's or pyarrow's
            raise ConfigError(self._said(error)) from error
        self.asked_for(names)
        if self.limit is not None:
            yield Part(paths=tuple(files), last=self.limit)
            return
        for path in files:
            yield Part(paths=(path,))

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the rows of a file, one by one.

        Raises:
            DatasetError: the hub stopped answering; run again to go on.
        """
        try:
            for item in super().read(part):
                if isinstance(item, Rejection) and item.reason in ("damaged", "missing"):
                    raise DatasetError(f"{item.detail} cannot be read")
                yield item
        except Exception as error:
            raise DatasetError(self._said(error)) from error

    def _files(self) -> list[str]:
        hub = _hub()
        try:
            found = hub.HfApi().dataset_info(self.dataset, revision=self.revision)
            root = f"datasets/{self.dataset}@{found.sha}"
            folder = self.data_dir.strip("/")
            files = sorted(
                f"{root}/{each.rfilename}"
                for each in found.siblings or ()
                if each.rfilename.endswith(".parquet")
                and each.rfilename.startswith(f"{folder}/" if folder else "")
            )
        except Exception as error:
            raise ConfigError(self._said(error)) from error
        splits = re.compile(r"(?<![a-z])(train|test|valid|validation|dev)(?![a-z])")
        named = {path: splits.findall(path.removeprefix(root)) for path in files}
        chosen = [path for path in files if self.split in named[path]] or [
            path for path in files if not named[path]
        ]
        if not chosen:
            raise ConfigError(
                f"source {self.name}: the data set {self.dataset} has no .parquet files of the"
                f" split {self.split!r} in {folder or 'it'}: the hub's own copy may be at"
                ' revision = "refs/convert/parquet"'
            )
        return chosen

    @contextmanager
    def opened(self, path: str) -> Generator[Any]:
        """Open a file of the data set, which is read piece by piece."""
        with (
            _hub().HfFileSystem().open(path, "rb") as stream,
            parquet().ParquetFile(stream, pre_buffer=False) as file,
        ):
            yield file

    def _said(self, error: Exception) -> str:
        return (
            f"source {self.name}: the data set {self.dataset} cannot be read: "
            f"{type(error).__name__}: {one_line(str(error), 500)}"
        )


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ConfigError("a data set of a hub needs pip install huggingface_hub") from error
    return cast(Any, huggingface_hub)
