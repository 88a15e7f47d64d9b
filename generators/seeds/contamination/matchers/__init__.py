"""Matchers: one way each to find a benchmark's item in a sample."""
