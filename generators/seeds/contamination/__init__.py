"""Decontamination: seeds and generated samples that solve a benchmark's tasks are found, and why.

What leaks are seldom copies. Descriptions are reworded, names changed, solutions written in another
language; whoever looks for substrings finds none of it (Yang et al., "Rethinking Benchmark and
Contamination for Language Models with Rephrased Samples", arXiv 2311.04850). Matchers go from the
plain to the fine, and the first that finds something says so:

    exact       a text or a solution stands there word for word, whitespace apart
    ngram       ten consecutive words of a problem's text
    normalised  a solution with its names changed, comments and annotations dropped
    fuzzy       weighed evidence: function name, description, examples, structure
    translated  the same against solutions in other languages

    benchmarks  files to items           lexer       text to tokens and prose
    index       items made ready         features    what the matchers compare
    detector    asks the matchers        step        the step of a recipe
    audit       plants copies, measures recall and false positives

Not promised: a solution that was written anew, without the description, its name or its structure,
looks like any other function. That takes running it against the benchmark's tests.
"""
