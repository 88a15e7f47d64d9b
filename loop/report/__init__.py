"""The report of a run of `veristone align`: one page, the same as Markdown, and its numbers.

    reading     the files of a run, as far as they are there
    measures    what is computed from them: bounded counts, topics, similarity, paired differences
    facts       everything that the report says, as data: `report.json`
    gather      a folder to facts
    drawing     kinds of plots that the report of seeds has no need of
    views       facts to sections: words, plots, tables, texts to read
    page, text  sections to HTML and to Markdown
    write       all of it

The look, the plots and the care for text from outside are those of `generators.seeds.report`.
"""
