"""What both reports share: numbers as people read them, plots, sections, a page."""
