"""Sources: where documents come from.

    base        what a source is, a part of it, and why a document is refused
    settings    what all sources can be told, and the one door that every document passes
    registry    all kinds of sources, as recipes name them
    tree        a directory; with `packages`, an environment of installed Python packages
    archive     tar and zip archives: sdists, wheels, crates, npm packages, GitHub's tarballs
    jsonl       JSON lines
    parquet     The Stack and its descendants; `hub`: the same on the Hugging Face hub, streamed

    text        bytes to text; languages by suffix and name are in `generators.seeds.languages`
    licences    names of licences to SPDX identifiers, and which are allowed
    columns     rows to documents
    files       paths to documents: globs, skipped folders
    manifests   what a package or an archive says of itself
    installed   which installed package a file belongs to
    streams, members   compressed files and archives that may be hostile

Corpora are hostile: every read has a bound in memory (mostly `max_bytes`; six times that for a line
of JSON, and up to 256 MiB for what an xz file's dictionary or a zip's directory may claim), no
content is executed, nothing is unpacked to disk, and no link is followed. What a source leaves out
it says in rejections of step `read`, for the reasons that `base` lists; only files that were not
asked for (other suffixes, `exclude`, `skip_folders`) are passed over in silence. Parquet is decoded
by pyarrow, which is trusted with the file's structure; an installed environment's own metadata is
read whole.

What a package registry knows goes into provenance as a package URL without its version
(`pkg:pypi/requests`) in `repository` and the version in `commit`.
"""
