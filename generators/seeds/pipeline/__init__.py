"""Runs a recipe's stages over a corpus: in several processes, resumable, with equal bytes out."""
