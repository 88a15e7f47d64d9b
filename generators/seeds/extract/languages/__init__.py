"""The languages that functions are taken from: what is one there, and where its documentation is.

    table.py       names, grammars and finders, without importing any
    base.py        what a finder gives, and the walk over a syntax tree that they share
    comments.py    which comments are documentation, and their text
    python.py, ecmascript.py, java.py, cpp.py, go.py, rust.py    one finder each

A language more is a line in the table, a grammar in the `seeds` extra and a finder.
"""
