"""The dataset writer: a selection's folder becomes parquet files that `datasets` and TRL load.

    rows        the columns of each configuration, written in docs/selection.md, and their rows
    clusters    instructions that are nearly the same, which no split may part
    card        README.md, the dataset card, of `card.md.jinja`
    write       all of it

Equal input gives equal bytes, with the same versions of pyarrow and huggingface-hub.
"""
