"""Steps that look at one seed at a time, and reject it or add to it.

    registry.py     all rules by their names in recipes
    structure.py    one function that does something, returns a value and takes arguments
    length.py, markers.py, text.py
    imports.py      adds the imports of the document, then autoimport's
    modules.py      which modules may be imported, by the frozen library (stdlib.py)
    safety.py       what reaches out of a function: hazards.py
    undefined.py    undefined names; names.py finds them with pyflakes
    pyright.py      the type checker, in batches; checker.py runs it and finds the guilty seed
    grammars.py     functions of other languages by tree-sitter; comments.py: of any language

A rule that needs a tree and gets none rejects a function as `unparsable` and lets a snippet pass.
"""
