"""Consumers of verdicts: fine-tuning and evaluation.

This room imports `veristone` and never `engine`: whatever satisfies the `Verifier` protocol
will do.
"""
