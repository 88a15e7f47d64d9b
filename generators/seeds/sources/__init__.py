"""Sources: where documents come from.

    settings    what a source is, what all can be told, and the one door that every document passes
    base        a part of a source, and why a document is refused
    tree        a directory
    jsonl       JSON lines
    parquet     The Stack and its descendants

    text        bytes to text; languages by suffix and name are in `generators.seeds.languages`
    licences    names of licences to SPDX identifiers, and which are allowed
    columns     rows to documents
    files       paths: globs, the files below a folder

Corpora are hostile: every read has a bound in memory (mostly `max_bytes`; six times that for a line
of JSON, and what an xz file's dictionary claims), no content is executed, and no link is followed.
What a source leaves out it says in rejections of step `read`, for the reasons that `base` lists;
only files that were not asked for (other suffixes, `skip_folders`) are passed over in silence.
Parquet is decoded by pyarrow, which is trusted with the file's structure.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.sources.jsonl import JsonlSource
from veristone.generators.seeds.sources.parquet import ParquetSource
from veristone.generators.seeds.sources.tree import TreeSource

__all__ = ["AnySource"]

AnySource: TypeAlias = Annotated[
    TreeSource | JsonlSource | ParquetSource,
    Field(discriminator="kind"),
]
"""Any source of a recipe, told apart by its `kind`."""
