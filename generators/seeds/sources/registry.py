"""All sources, as recipes name them. Importing this imports neither pyarrow nor `datasets`."""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.sources.archive import ArchiveSource
from veristone.generators.seeds.sources.base import Source
from veristone.generators.seeds.sources.hub import HubSource
from veristone.generators.seeds.sources.jsonl import JsonlSource
from veristone.generators.seeds.sources.parquet import ParquetSource
from veristone.generators.seeds.sources.tree import TreeSource

__all__ = ["SOURCES", "AnySource"]

AnySource: TypeAlias = Annotated[
    TreeSource | ArchiveSource | JsonlSource | ParquetSource | HubSource,
    Field(discriminator="kind"),
]
"""Any source of a recipe, told apart by its `kind`."""

SOURCES: tuple[type[Source], ...] = (
    TreeSource,
    ArchiveSource,
    JsonlSource,
    ParquetSource,
    HubSource,
)
"""Every kind; that they are sources is checked by their types."""
