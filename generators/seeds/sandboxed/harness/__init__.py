"""Programs that run inside sandboxes: standard library only, Python 3.10 and newer."""
