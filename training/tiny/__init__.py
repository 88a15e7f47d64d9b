"""A tiny language model made from nothing, and the tasks that it can do.

tasks      tasks without end, with hidden tests, in splits that share no function names
prompts    what the model is asked, and reading what it answers
corpus     its pre-training text, partly wrong
model      making the model: `make_tiny_model`
files      what the small alignment loop starts from
"""
