"""What runs inside the sandboxes: one folder per language, and the warden.

Standard library only, Python 3.9 and newer: these files are copied into images and bound into
bubblewrap sandboxes, where nothing of ours or of PyPI's is installed.
"""
