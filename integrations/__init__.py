"""Verdicts as rewards, in the words of the program that asks for them.

Each module is one host and is imported by that host's users alone: `trl`, `verl`, `slime`,
`verifiers`, `inspect_ai`, `datatrove`, `ray`. All of them ask a service (`veristone serve`) through
`veristone.Client`, and abstain as their host can where there is no verdict: a fault of ours never
becomes a zero that nobody can tell from a wrong answer.
"""
