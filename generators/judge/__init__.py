"""The docstring judge: a base model says whether documentation is enough to write its code anew.

`prompt.py` shows the model seven answered cases and the seed's, `answers.py` reads yes and no out
of its log-probabilities, `judge.py` asks, `store.py` keeps what was answered.
"""
