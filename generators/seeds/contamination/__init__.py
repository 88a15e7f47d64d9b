"""Decontamination by text: seeds, and what models made of them, that repeat a benchmark's task.

`benchmarks` reads the files, `reading` takes text and code apart, `detector` compares, `step` is
the step of a recipe. What decides is equality: a problem's description, a run of its words, a
solution, whatever the line breaks and the names. What only resembles a task is flagged and kept.

Not found: a solution that was written anew or translated, and a description in other words.
Functions that do what a benchmark asks are found by running them (`sandboxed.behaviour`).
"""
