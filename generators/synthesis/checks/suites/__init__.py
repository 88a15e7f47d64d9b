"""Whether test code tests anything: what of it runs, what can fail, what depends on the solution.

StarCoder2-Instruct took tests that did not parse, and any text with the word `assert`; tautologies,
asserts that a `try` swallows and functions that nobody calls passed. Here the syntax tree is read.
It is a reading, not a proof: where it cannot tell, tests are taken for real, since running them is
what decides.
"""
