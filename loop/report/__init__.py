"""The report of a run of `veristone align`: one page, and its numbers.

    run        a run's folder; files, read so that none can end it
    parts      small files of steps that have no reader of their own
    funnel     from source files to training rows, over all steps
    texts      responses, refusals and selected rows, counted in bounded memory
    measures   paired differences, similarity to benchmarks, thinned curves
    data       what the data look like beside other sets; with it categories, embedding
    facts      everything that the report says, as data: `report.json`
    gather     a folder to facts
    models, data_sections, sections   facts to words, plots, tables, texts to read
    write      all of it

What a page and a plot look like is `veristone.generators.pages`.
"""
