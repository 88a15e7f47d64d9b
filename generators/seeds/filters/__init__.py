"""Steps that look at one seed at a time, and reject it or add to it.

    registry.py     all rules by their names in recipes
    syntax.py       one function that does something
    returns.py, arguments.py, length.py, markers.py, text.py
    imports.py      adds missing imports: scopes.py finds undefined names, origins.py weighs how
                    they are used (evidence.py) against import_table.py; or autoimport_tool.py
    modules.py      which modules may be imported, by the frozen library (stdlib.py)
    safety.py       what reaches out of a function: hazards.py
    undefined.py    ruff's undefined names, in batches
    pyright.py      the type checker, in batches
    trees.py        Python's trees; grammars.py: tree-sitter's; comments.py: of any language

A rule that needs a tree and gets none rejects a function as `unparsable` and lets a snippet pass.
"""
