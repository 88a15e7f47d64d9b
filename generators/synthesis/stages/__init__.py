"""The kinds of stage that a recipe may have: one file a kind."""
