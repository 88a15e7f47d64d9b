"""Steps that run seeds, in sandboxes, and the one that asks a model about them.

A seed's code is never executed here: a program of ours (`harness/`) travels with it into a sandbox,
runs it there and prints one line that says what happened.

Not promised: that a seed written against these very programs could not lie about itself from inside
the interpreter that it shares with them. It can then be kept or rejected wrongly; nothing else.
What a time limit cuts off near the limit may differ from machine to machine.
"""
