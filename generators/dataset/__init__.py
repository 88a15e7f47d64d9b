"""The dataset writer: a selection's folder becomes parquet files that `datasets` and TRL load.

    schema      the columns of each configuration; stable, and written in docs/selection.md
    rows        lines of a selection to rows of a table
    clusters    instructions that are nearly the same, which no split may part
    splits      train and validation
    shards      parquet files of bounded size
    card        README.md, the dataset card
    write       all of it

Equal input gives equal bytes, with the same version of pyarrow.
"""
