"""Code that models and people wrote, taken apart: the one place that parses candidates.

    python       a bounded parser: any text gets a tree or a reason
    names        what Python defines, imports and uses
    fences       blocks of code in Markdown
    answers      the program in a chat answer
    completion   where a function that a base model continued ends, and single asserts
    suites       which assertions of a test code can fail because of the solution
    normal       the form of a program, for duplicates
    mutants      small changes that tests should notice
    stubs        solutions whose functions return a constant
    draws        chance that is the same in every run
    comments     Python without comments
    grammars     other languages, by tree-sitter

Nothing here runs code, and no text makes anything here fail.
"""
