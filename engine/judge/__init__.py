"""Judging: pure functions from what was measured to a reason. No sandbox, no clock, no I/O."""
