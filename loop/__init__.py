"""The self-alignment loop: its recipe, plan, run and report."""
