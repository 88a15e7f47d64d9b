"""The report of a run of `veristone align`: one page, the same as Markdown, and its numbers.

    run        the steps of a run and which came from which; files, read so that none can end it
    parts      what each kind of step wrote down
    texts      responses, refusals and selected rows, counted in bounded memory
    measures   paired differences, similarity to benchmarks, thinned curves, topics
    facts      everything that the report says, as data: `report.json`
    gather     a folder to facts
    models, sections   facts to words, plots, tables, texts to read
    write      all of it

What a page and a plot look like is `veristone.generators.pages`.
"""
