"""Consumers of verdicts: evaluation now, fine-tuning later.

This room imports `veristone` and never `engine`: whatever satisfies the `Verifier` protocol
will do.
"""
