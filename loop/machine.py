"""How many GPUs this machine has, without importing torch."""

import os
import subprocess

__all__ = ["count_gpus"]

_ASK = ("nvidia-smi", "--query-gpu=index", "--format=csv,noheader")


def count_gpus() -> int:
    """Return how many GPUs a process started from here sees: `CUDA_VISIBLE_DEVICES` where it is
    set, as Slurm sets it, else what nvidia-smi lists; 0 where there is none."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return sum(1 for name in visible.split(",") if name.strip() not in ("", "-1"))
    try:
        listed = subprocess.run(_ASK, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return len(listed.stdout.split())
