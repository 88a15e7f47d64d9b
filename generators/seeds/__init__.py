"""Seed collection: from a corpus of source files to clean, diverse seeds.

The first stage of StarCoder2's self-alignment (SelfCodeAlign, arXiv 2410.24198, section 2):
documented functions are mined from a corpus, filtered, decontaminated and thinned of
near-duplicates; what is left inspires instructions. MultiPL-T (arXiv 2308.09895) and Magicoder's
OSS-Instruct (arXiv 2312.02120) begin in the same way.

    sources/        where documents come from: a tree, JSONL, parquet
    extract/        documents to candidates: documented functions, or random snippets
    filters/        steps that look at one seed at a time
    contamination/  steps that look for the benchmarks that a model is evaluated on
    duplicates/     steps that look at every seed before this one
    pipeline/       runs the steps in order, in several processes, resumable
    report/         the funnel: what went in, what came out, and why the rest did not

The same input and recipe give the same bytes out, however many processes ran and wherever a run was
interrupted.
"""
