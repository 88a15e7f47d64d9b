"""Producers: they make what the verifier judges and the trainer learns from.

They know `veristone` alone; whatever verifies comes to them as a `veristone.Verifier`.
"""
